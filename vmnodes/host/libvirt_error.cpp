#include "vmnodes/host/libvirt_error.h"

#include <fmt/format.h>
#include <libvirt/virterror.h>

namespace qd::host {
namespace {

struct Translation {
    int code;
    Reason reason;
    std::string_view advice;  // empty: libvirt's own message is enough
};

constexpr Translation kTranslations[] = {
    {VIR_ERR_NO_DOMAIN, Reason::NotFound, ""},
    {VIR_ERR_NO_NETWORK, Reason::NotFound, ""},
    {VIR_ERR_NO_STORAGE_POOL, Reason::NotFound, ""},
    {VIR_ERR_NO_STORAGE_VOL, Reason::NotFound, ""},
    {VIR_ERR_DOM_EXIST, Reason::AlreadyExists, "choose another cluster name, or remove that domain"},
    {VIR_ERR_NETWORK_EXIST, Reason::AlreadyExists, "choose another cluster name, or remove that network"},
    {VIR_ERR_STORAGE_VOL_EXIST, Reason::AlreadyExists, ""},
    {VIR_ERR_OPERATION_INVALID, Reason::Conflict, ""},
    {VIR_ERR_OPERATION_DENIED, Reason::Forbidden,
     "the connection may only read; connect to qemu:///system as a member of the group libvirt"},
    {VIR_ERR_AUTH_FAILED, Reason::Forbidden,
     "add yourself to the group libvirt: sudo usermod -aG libvirt \"$USER\", then log in again"},
    {VIR_ERR_AUTH_UNAVAILABLE, Reason::Forbidden,
     "add yourself to the group libvirt: sudo usermod -aG libvirt \"$USER\", then log in again"},
    {VIR_ERR_ACCESS_DENIED, Reason::Forbidden, "libvirt's access control refuses this to your account"},
    {VIR_ERR_NO_CONNECT, Reason::ServiceUnavailable, "is libvirtd running? sudo systemctl start libvirtd"},
    {VIR_ERR_RPC, Reason::ServiceUnavailable,
     "the connection to libvirt broke; it is opened again with the next start"},
    {VIR_ERR_NO_SUPPORT, Reason::MethodNotAllowed, "this libvirt lacks the driver; install libvirt-daemon-driver-qemu"},
    {VIR_ERR_CONFIG_UNSUPPORTED, Reason::MethodNotAllowed, "this QEMU or libvirt is too old or built without it"},
    {VIR_ERR_OPERATION_TIMEOUT, Reason::Timeout, "the host is very busy, or QEMU hangs"},
    {VIR_ERR_AGENT_UNRESPONSIVE, Reason::Timeout, ""},
    {VIR_ERR_NO_MEMORY, Reason::InternalError, "the host is out of memory"},
    {VIR_ERR_XML_ERROR, Reason::InternalError, ""},
};

Translation translationOf(int code) {
    for (const Translation& translation : kTranslations) {
        if (translation.code == code) return translation;
    }
    return {code, Reason::InternalError, ""};
}

Error compose(Reason reason, std::string_view what, std::string_view message, std::string_view advice) {
    Error error{reason, fmt::format("{}: {}", what, message)};
    if (!advice.empty()) error.message += fmt::format(" ({})", advice);
    return error;
}

}  // namespace

Error translateLibvirtError(std::string_view action, int code, int domain, std::string_view message) {
    Translation translation = translationOf(code);
    // A failed start is "internal error" or "operation failed" with the cause in the message only.
    if (message.find("Could not access KVM") != message.npos ||
        message.find("failed to initialize kvm") != message.npos) {
        translation.advice = "KVM does not work here; set the cluster's acceleration to tcg";
    } else if (message.find("Cannot allocate memory") != message.npos ||
               message.find("cannot set up guest memory") != message.npos) {
        translation.advice = "the host has too little free memory for this node; use fewer or smaller nodes";
    } else if (message.find("No space left on device") != message.npos) {
        translation.advice = "the disk that holds libvirt's storage pool is full";
    } else if (message.find("No more available PCI slots") != message.npos) {
        translation.advice = "the node has no free slot for another disk; detach a volume or use another node";
    } else if (domain == VIR_FROM_NETWORK && message.find("already in use by interface") != message.npos) {
        translation.reason = Reason::Conflict;
        translation.advice = "the address range is taken on this host; choose another in the cluster's settings";
    } else if (domain == VIR_FROM_NETWORK && message.find("iptables") != message.npos) {
        translation.advice = "libvirt sets up NAT with iptables; install the package iptables";
    } else if (message.find("dnsmasq") != message.npos && message.find("find") != message.npos) {
        translation.advice = "install the package dnsmasq-base";
    }
    return compose(translation.reason, action, message, translation.advice);
}

Error translateConnectError(const std::string& uri, int code, std::string_view message) {
    const std::string what = fmt::format("connecting to libvirt at {}", uri);
    const bool socketMissing = message.find("No such file or directory") != message.npos;
    const bool refused = message.find("Connection refused") != message.npos;
    const bool denied = message.find("Permission denied") != message.npos;
    if (denied || code == VIR_ERR_AUTH_FAILED || code == VIR_ERR_AUTH_UNAVAILABLE || code == VIR_ERR_AUTH_CANCELLED) {
        return compose(Reason::Forbidden, what, message,
                       "your account may not use libvirt: sudo usermod -aG libvirt \"$USER\", then log in again");
    }
    if (socketMissing) {
        return compose(Reason::ServiceUnavailable, what, message,
                       "libvirt is not installed or not running: sudo apt install libvirt-daemon-system && sudo "
                       "systemctl enable --now libvirtd");
    }
    if (refused) {
        return compose(Reason::ServiceUnavailable, what, message,
                       "libvirtd is not running: sudo systemctl enable --now libvirtd");
    }
    if (code == VIR_ERR_NO_CONNECT || code == VIR_ERR_NO_SUPPORT) {
        return compose(
            Reason::ServiceUnavailable, what, message,
            "libvirt has no driver for this address; install libvirt-daemon-driver-qemu and qemu-system-x86");
    }
    return compose(Reason::ServiceUnavailable, what, message, "");
}

Error lastLibvirtError(std::string_view action) {
    const virErrorPtr last = virGetLastError();
    if (last == nullptr) return Error{Reason::InternalError, fmt::format("{}: libvirt gave no reason", action)};
    return translateLibvirtError(action, last->code, last->domain,
                                 last->message != nullptr ? last->message : "no message");
}

Error lastConnectError(const std::string& uri) {
    const virErrorPtr last = virGetLastError();
    if (last == nullptr)
        return Error{Reason::ServiceUnavailable,
                     fmt::format("connecting to libvirt at {}: libvirt gave no reason", uri)};
    return translateConnectError(uri, last->code, last->message != nullptr ? last->message : "no message");
}

}  // namespace qd::host
