// The self-test's port, with a Verilator model of the unit behind it: every access is an APB4 transfer.
//
// Environment variables make the unit or its surroundings misbehave:
//   NMPU_FLIP=address,count,bit   flips that bit of the write to `address` that follows `count` others to it
//   NMPU_FORCE=address,value      reads of `address` return `value`
//   NMPU_NOISE=seed               the streams' inputs change at random in every clock
// Exit status 3: PSLVERR, or a beat on a stream though the test port shuts all of them.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>

#include "Vnmpu.h"
#include "verilated.h"

namespace {

struct Option {
    bool given = false;
    uint32_t values[3] = {};

    explicit Option(const char *name) {
        if (const char *text = std::getenv(name)) {
            given = true;
            for (uint32_t &value : values) {
                char *end;
                value = static_cast<uint32_t>(std::strtoul(text, &end, 0));
                text = *end ? end + 1 : end;
            }
        }
    }
};

class Bench {
public:
    Bench() : unit(&context) {
        context.randReset(2);  // registers start at random
        context.randSeed(1);
        unit.apb_pstrb = 0xf;
        unit.RESET = IN_RESET;
        tick();
        tick();
        unit.RESET = !IN_RESET;
    }

    ~Bench() {
        std::fprintf(stderr, "bridge: %lu writes, %lu reads, %lu clocks; last write: %08x to %05x\n", writes, reads, clocks,
                     last_data, last_address);
    }

    void write(uint32_t address, uint32_t data) {
        if (flip.given && address == flip.values[0] && seen[address]++ == flip.values[1]) data ^= 1u << flip.values[2];
        ++writes;
        last_address = address;
        last_data = unit.apb_pwdata = data;
        transfer(address, true);
    }

    uint32_t read(uint32_t address) {
        ++reads;
        const uint32_t data = transfer(address, false);
        return force.given && address == force.values[0] ? force.values[1] : data;
    }

private:
    VerilatedContext context;
    Vnmpu unit;
    const Option flip{"NMPU_FLIP"}, force{"NMPU_FORCE"}, noise{"NMPU_NOISE"};
    std::map<uint32_t, uint32_t> seen;
    std::mt19937 random{noise.values[0]};
    unsigned long writes = 0, reads = 0, clocks = 0;
    uint32_t last_address = 0, last_data = 0;

    uint32_t transfer(uint32_t address, bool write) {
        unit.apb_psel = 1;
        unit.apb_pwrite = write;
        unit.apb_paddr = address;
        tick();
        unit.apb_penable = 1;
        unit.eval();
        const uint32_t data = unit.apb_prdata;
        if (unit.apb_pslverr) fail(write ? "a write is refused (PSLVERR)" : "a read is refused (PSLVERR)", address);
        tick();
        unit.apb_psel = 0;
        unit.apb_penable = 0;
        return data;
    }

    void tick() {
        if (noise.given) disturb();
        unit.eval();
        if (unit.RESET != IN_RESET && ((unit.adc_valid && unit.adc_ready) || (unit.rx_valid && unit.rx_ready) || unit.out_valid))
            fail("a stream is not shut", unit.apb_paddr);
        unit.clk = 1;
        unit.eval();
        unit.clk = 0;
        unit.eval();
        ++clocks;
    }

    void disturb() {
        unit.adc_valid = random() & 1;
        unit.rx_valid = random() & 1;
        unit.out_ready = random() & 1;
        fill(unit.adc_payload, ADC_BITS);
        fill(unit.rx_payload, RX_BITS);
    }

    template <std::size_t words>
    void fill(VlWide<words> &payload, unsigned bits) {
        for (std::size_t i = 0; i < words; ++i) payload[i] = random();
        payload[words - 1] &= ~0u >> (31 - (bits - 1) % 32);
    }

    template <typename Integer>
    void fill(Integer &payload, unsigned bits) {
        const uint64_t value = uint64_t{random()} << 32 | random();
        payload = static_cast<Integer>(value >> (64 - bits));
    }

    [[noreturn]] void fail(const char *what, uint32_t address) {
        std::fprintf(stderr, "bridge: %s, at address %05x, clock %lu\n", what, address, clocks);
        std::_Exit(3);
    }
};

Bench &bench() {
    static Bench only;
    return only;
}

}  // namespace

extern "C" void nmpu_write32(uint32_t address, uint32_t data) { bench().write(address, data); }
extern "C" uint32_t nmpu_read32(uint32_t address) { return bench().read(address); }
