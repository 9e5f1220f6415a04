#include "cluster/base/pki/names.h"

#include <arpa/inet.h>

namespace qd::pki {

namespace {

std::string utf8Of(const ASN1_STRING* text) {
    unsigned char* data = nullptr;
    const int size = ASN1_STRING_to_UTF8(&data, text);
    if (size < 0) return {};
    std::string value(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
    OPENSSL_free(data);
    return value;
}

std::string addressOf(const ASN1_OCTET_STRING* bytes) {
    char text[INET6_ADDRSTRLEN] = "";
    const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
    if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return {};
    inet_ntop(family, ASN1_STRING_get0_data(bytes), text, sizeof text);
    return text;
}

bool addEntry(X509_NAME* name, const char* field, const std::string& value) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1;
}

bool addDnsName(GENERAL_NAMES* names, const std::string& value) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_STRING_set(text, value.data(), static_cast<int>(value.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    return sk_GENERAL_NAME_push(names, name) > 0;
}

bool addAddress(GENERAL_NAMES* names, const std::string& value) {
    ASN1_OCTET_STRING* bytes = a2i_IPADDRESS(value.c_str());
    if (bytes == nullptr) return false;
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_IPADD, bytes);
    return sk_GENERAL_NAME_push(names, name) > 0;
}

}  // namespace

Result<OwnedName> nameOf(const Subject& subject) {
    OwnedName name(X509_NAME_new());
    bool good = true;
    for (const std::string& organization : subject.organizations)
        good = good && addEntry(name.get(), "O", organization);
    if (!subject.commonName.empty()) good = good && addEntry(name.get(), "CN", subject.commonName);
    // X.520 bounds both at 64 characters.
    if (!good) return opensslFailure(Reason::BadRequest, "certificate subject \"" + subject.commonName + "\"");
    return name;
}

Result<OwnedNames> alternativeNamesOf(const Subject& subject) {
    if (subject.dnsNames.empty() && subject.ipAddresses.empty()) return OwnedNames();
    OwnedNames names(GENERAL_NAMES_new());
    for (const std::string& name : subject.dnsNames) addDnsName(names.get(), name);
    for (const std::string& address : subject.ipAddresses) {
        if (!addAddress(names.get(), address)) {
            ERR_clear_error();
            return fail(Reason::BadRequest, "\"" + address + "\" is not an IP address");
        }
    }
    return names;
}

Subject subjectOf(const X509_NAME* name) {
    Subject subject;
    for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
        const int field = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        if (field == NID_commonName) subject.commonName = utf8Of(X509_NAME_ENTRY_get_data(entry));
        if (field == NID_organizationName) subject.organizations.push_back(utf8Of(X509_NAME_ENTRY_get_data(entry)));
    }
    return subject;
}

void readAlternativeNames(const GENERAL_NAMES* names, Subject& subject, std::vector<std::string>* emailAddresses,
                          std::vector<std::string>* uris) {
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
        int type = 0;
        const void* value = GENERAL_NAME_get0_value(name, &type);
        const auto* text = static_cast<const ASN1_STRING*>(value);
        if (type == GEN_DNS) subject.dnsNames.push_back(utf8Of(text));
        if (type == GEN_IPADD) subject.ipAddresses.push_back(addressOf(text));
        if (type == GEN_EMAIL && emailAddresses != nullptr) emailAddresses->push_back(utf8Of(text));
        if (type == GEN_URI && uris != nullptr) uris->push_back(utf8Of(text));
    }
}

}  // namespace qd::pki
