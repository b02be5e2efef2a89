// The unit as a function: Verilator's model of it, its bus, and its streams driven at full speed.
//
// Every input is behind a register: it takes effect with the edge, and outputs answer to what was there at the last one.
//
// From the compiler's command line: COLUMNS, LANES, BRANCHES, ADC_BITS, RX_BITS, LATENCY (clocks from a group's entry to
// its codes), and Adc, the type that carries a code.

#include <array>
#include <cstddef>
#include <cstdint>

#include "Vunit.h"
#include "verilated.h"

namespace {

constexpr std::size_t GROUPS = COLUMNS / LANES;
constexpr std::size_t SLACK = LATENCY + 4;  // clocks beyond one for each group: the pipeline, and a register write

// A write that begins when the last group has entered arrives three clocks later; the unit must be busy until then.
static_assert(LATENCY >= 3);

// Codes to the words of a beat, the first code lowest.
template <std::size_t bits>
class Beat {
public:
    void put(uint32_t code, unsigned width) {
        pending |= static_cast<uint64_t>(code & ~uint32_t{0} >> (32 - width)) << filled;
        filled += width;
        if (filled < 32) return;
        words[full++] = static_cast<uint32_t>(pending);
        pending >>= 32;
        filled -= 32;
    }

    // Verilator's ports are integers up to 64 bits, and arrays of words beyond.
    template <typename Port>
    void to(Port &port) {
        if (filled) words[full] = static_cast<uint32_t>(pending);
        copy(port);
    }

private:
    std::array<uint32_t, (bits + 31) / 32> words{};
    std::size_t full = 0;
    uint64_t pending = 0;
    unsigned filled = 0;

    template <std::size_t size>
    void copy(VlWide<size> &port) const {
        for (std::size_t i = 0; i < size; ++i) port[i] = words[i];
    }

    template <typename Integer>
    void copy(Integer &port) const {
        uint64_t value = words.front();
        if (bits > 32) value |= static_cast<uint64_t>(words.back()) << 32;
        port = static_cast<Integer>(value);
    }
};

template <std::size_t size>
uint32_t word(const VlWide<size> &port, std::size_t index) {
    return port[index];
}

template <typename Integer>
uint32_t word(const Integer &port, std::size_t index) {
    return static_cast<uint32_t>(static_cast<uint64_t>(port) >> 32 * index);
}

class Bench {
public:
    Bench(const Adc *p, const Adc *n, const uint8_t *rx, std::size_t vectors, uint8_t *out)
        : unit(&context), p(p), n(n), rx(rx), out(out), adc_left(vectors), rx_left(rx ? vectors * GROUPS : 0),
          out_left(vectors * GROUPS) {
        context.randReset(2);  // what is not reset starts at random
        context.randSeed(1);
        unit.apb_psel = 0;
        unit.apb_penable = 0;
        unit.apb_pstrb = 0xf;
        unit.out_ready = 1;
        offer_adc();
        offer_rx();
        unit.RESET = IN_RESET;
        edge();
        unit.RESET = !IN_RESET;
    }

    // An APB write; false where it is refused.
    bool write(uint32_t address, uint32_t data) {
        unit.apb_pwdata = data;
        transfer(address, true);
        return !unit.apb_pslverr;
    }

    uint32_t read(uint32_t address) {
        transfer(address, false);
        return unit.apb_prdata;
    }

    // One clock: the beats that valid and ready agree on before the edge are transferred with it.
    void tick() {
        if (unit.adc_valid && unit.adc_ready) offer_adc();
        if (unit.rx_valid && unit.rx_ready) offer_rx();
        if (unit.out_valid && out_left) take_out();
        edge();
    }

    bool offering() const { return unit.adc_valid; }
    bool complete() const { return !out_left; }

private:
    VerilatedContext context;
    Vunit unit;
    const Adc *p, *n;
    const uint8_t *rx;
    uint8_t *out;
    std::size_t adc_left, rx_left, out_left;  // beats

    void edge() {
        unit.clk = 0;
        unit.eval();
        unit.clk = 1;
        unit.eval();
    }

    // Ends with the answer on the bus; the unit does what it is told with the next edge.
    void transfer(uint32_t address, bool write) {
        unit.apb_psel = 1;
        unit.apb_pwrite = write;
        unit.apb_paddr = address;
        tick();
        unit.apb_penable = 1;
        tick();
        unit.apb_psel = 0;
        unit.apb_penable = 0;
    }

    void offer_adc() {
        unit.adc_valid = adc_left != 0;
        if (!adc_left) return;
        --adc_left;
        Beat<COLUMNS * BRANCHES * ADC_BITS> beat;
        for (std::size_t column = 0; column < COLUMNS; ++column) {
            beat.put(static_cast<uint32_t>(*p++), ADC_BITS);
            if (BRANCHES == 2) beat.put(static_cast<uint32_t>(*n++), ADC_BITS);
        }
        beat.to(unit.adc_payload);
    }

    void offer_rx() {
        unit.rx_valid = rx_left != 0;
        if (!rx_left) return;
        const bool first = rx_left % GROUPS == 0, last = --rx_left % GROUPS == 0;
        Beat<LANES * RX_BITS + 2> beat;
        for (std::size_t lane = 0; lane < LANES; ++lane) beat.put(*rx++, RX_BITS);
        beat.put(first, 1);
        beat.put(last, 1);
        beat.to(unit.rx_payload);
    }

    void take_out() {
        --out_left;
        for (std::size_t lane = 0; lane < LANES; ++lane)
            *out++ = static_cast<uint8_t>(word(unit.out_payload, lane / 4) >> 8 * (lane % 4));
    }
};

}  // namespace

// From reset: load a program, enable the unit for just as long as vectors are there, drain it, read registers.
//
// p, n, rx, out   arrays of vectors * COLUMNS codes; n, rx may be null
// load            pairs of address and data
// control         address of CTRL, what starts the unit, what stops it
// registers       addresses on entry, the values on return
// Returns 0, or 1 where a write is refused, or 2 where codes are missing after as many clocks as vectors may take.
extern "C" int nmpu_run(const Adc *p, const Adc *n, const uint8_t *rx, std::size_t vectors, uint8_t *out,
                        const uint32_t *load, std::size_t loads, const uint32_t *control, uint32_t *registers,
                        std::size_t reads) {
    Bench bench(p, n, rx, vectors, out);
    for (std::size_t i = 0; i < loads; ++i)
        if (!bench.write(load[2 * i], load[2 * i + 1])) return 1;
    if (vectors) {
        // The first group enters in the clock after this write has arrived.
        if (!bench.write(control[0], control[1])) return 1;
        for (std::size_t clocks = vectors * GROUPS + SLACK; clocks && bench.offering(); --clocks) bench.tick();
        if (!bench.write(control[0], control[2])) return 1;
        for (std::size_t clocks = SLACK; clocks && !bench.complete(); --clocks) bench.tick();
    }
    for (std::size_t i = 0; i < reads; ++i) registers[i] = bench.read(registers[i]);
    return bench.complete() ? 0 : 2;
}
