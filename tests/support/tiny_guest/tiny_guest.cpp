// A guest that boots in well under a second: what tests of machines run where no operating system is needed.
//
// A Multiboot kernel (https://www.gnu.org/software/grub/manual/multiboot/) that QEMU loads by itself. It writes to the
// first serial port "quarterdeck: tiny guest" and its command line, then a line "tick" for each second that it runs,
// and powers off when its ACPI power button is pressed, unless the command line holds "stubborn".
#include <stdint.h>

namespace {

constexpr uint16_t kSerial = 0x3f8;
// Where SeaBIOS puts the power management registers of QEMU's q35 machine.
constexpr uint16_t kPmStatus = 0x600;
constexpr uint16_t kPmEnable = 0x602;
constexpr uint16_t kPmControl = 0x604;
constexpr uint16_t kPowerButton = 1 << 8;
constexpr uint16_t kSleepEnable = 1 << 13;
constexpr uint32_t kTimerHz = 100;

void out8(uint16_t port, uint8_t value) {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
void out16(uint16_t port, uint16_t value) {
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
uint8_t in8(uint16_t port) {
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
uint16_t in16(uint16_t port) {
    uint16_t value;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

void print(const char* text) {
    for (; *text != '\0'; ++text) {
        while ((in8(kSerial + 5) & 0x20) == 0) {
        }
        out8(kSerial, static_cast<uint8_t>(*text));
    }
}

bool contains(const char* text, const char* word) {
    for (; *text != '\0'; ++text) {
        const char* a = text;
        const char* b = word;
        for (; *b != '\0' && *a == *b; ++a, ++b) {
        }
        if (*b == '\0') return true;
    }
    return false;
}

struct [[gnu::packed]] Gate {
    uint16_t low, selector;
    uint8_t zero, type;
    uint16_t high;
};
struct [[gnu::packed]] Table {
    uint16_t limit;
    uint32_t base;
};

Gate gates[33];
volatile uint32_t ticks = 0;
struct Frame;

[[gnu::interrupt]] void onTimer(Frame*) {
    ticks = ticks + 1;
    out8(0x20, 0x20);
}

// The timer interrupts 100 times a second, so that the guest can halt in between and costs the host nothing.
void startTimer() {
    uint16_t code;
    asm volatile("mov %%cs, %0" : "=r"(code));
    const auto handler = reinterpret_cast<uint32_t>(&onTimer);
    gates[32] = {static_cast<uint16_t>(handler), code, 0, 0x8e, static_cast<uint16_t>(handler >> 16)};
    const Table table{sizeof(gates) - 1, reinterpret_cast<uint32_t>(gates)};
    asm volatile("lidt %0" : : "m"(table));
    // The interrupt controllers: interrupt 0 becomes vector 32, all others are masked.
    constexpr uint8_t setUp[][2] = {{0x20, 0x11}, {0xa0, 0x11}, {0x21, 0x20}, {0xa1, 0x28}, {0x21, 0x04},
                                    {0xa1, 0x02}, {0x21, 0x01}, {0xa1, 0x01}, {0x21, 0xfe}, {0xa1, 0xff}};
    for (const auto& [port, value] : setUp) out8(port, value);
    constexpr uint32_t divisor = 1193182 / kTimerHz;
    out8(0x43, 0x34);
    out8(0x40, divisor & 0xff);
    out8(0x40, divisor >> 8);
    asm volatile("sti");
}

}  // namespace

extern "C" [[noreturn]] void tinyGuest(const uint32_t* information) {
    const char* commandLine = (information[0] & 4) != 0 ? reinterpret_cast<const char*>(information[4]) : "";
    const bool stubborn = contains(commandLine, "stubborn");
    print("quarterdeck: tiny guest ");
    print(commandLine);
    print("\n");
    startTimer();
    out16(kPmEnable, kPowerButton);  // without it the machine does not even note the press
    for (uint32_t seconds = 0;;) {
        asm volatile("hlt");
        if (ticks / kTimerHz != seconds) {
            seconds = ticks / kTimerHz;
            print("tick\n");
        }
        if ((in16(kPmStatus) & kPowerButton) == 0) continue;
        out16(kPmStatus, kPowerButton);  // seen
        if (stubborn) {
            print("power button ignored\n");
            continue;
        }
        print("powering off\n");
        out16(kPmControl, kSleepEnable);
    }
}
