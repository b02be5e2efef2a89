// Lanes side by side, driven with a group in each clock; "ports.h" says how many there are and what their ports are.
//
// COPIES, COLUMNS, DUAL (two counters), EACH(X): X(i) for every lane i, PARAMETERS(X, i): X(name, row, i) for every
// parameter, CLOCKS_TO_<register>: from a group's entry into the register fetch, and Adc, the type that carries a code.

#include <bitset>
#include <cstddef>
#include <cstdint>

#include "Vtop.h"
#include "ports.h"
#include "verilated.h"

namespace {

void edge(Vtop &top) {
    top.clk = 0;
    top.eval();
    top.clk = 1;
    top.eval();
}

uint64_t ones(uint64_t bits) { return std::bitset<64>(bits).count(); }

}  // namespace

// p, n, rx     codes as the wires carry them, vectors * COLUMNS; n, rx may be null
// parameters   a row of COLUMNS for each parameter
// mask, out    COLUMNS column enables; vectors * COLUMNS codes
// counts       saturations are added: affine high, low, output high, low
extern "C" void nmpu_lanes(const Adc *p, const Adc *n, const uint8_t *rx, std::size_t vectors,
                           const uint32_t *parameters, uint64_t layer, uint8_t *out, const uint8_t *mask,
                           uint64_t *counts) {
    VerilatedContext context;
    context.randReset(2);
    context.randSeed(1);
    Vtop top(&context);
    for (std::size_t column = 0; column < COLUMNS; column += COPIES) {
        uint64_t enabled = 0;
#define LOAD(name, row, i) top.name##_##i = parameters[row * COLUMNS + column + i];
#define SET(i)                         \
    PARAMETERS(LOAD, i)                \
    top.enable_##i = mask[column + i]; \
    enabled |= uint64_t{mask[column + i]} << i;
        EACH(SET)
        top.layer = layer;
        top.load = 1;
        edge(top);
        top.load = 0;
        const Adc *next_p = p + column, *next_n = n + (DUAL ? column : 0);
        const uint8_t *next_rx = rx + (rx ? column : 0);
        uint8_t *codes = out + column;
        for (std::size_t clock = 0; clock < vectors + CLOCKS_TO_RESIDUAL; ++clock) {
            if (clock < vectors) {
#if DUAL
#define CODES(i)                \
    top.code_p_##i = next_p[i]; \
    top.code_n_##i = next_n[i];
#else
#define CODES(i) top.code_p_##i = next_p[i];
#endif
                EACH(CODES)
                next_p += COLUMNS;
                next_n += DUAL ? COLUMNS : 0;
            }
            if (rx && clock >= CLOCKS_TO_NORM && clock - CLOCKS_TO_NORM < vectors) {
#define RX(i) top.rx_##i = next_rx[i];
                EACH(RX)
                next_rx += COLUMNS;
            }
            edge(top);
            if (clock >= CLOCKS_TO_AFFINE && clock - CLOCKS_TO_AFFINE < vectors) {
                counts[0] += ones(top.affine_high & enabled);
                counts[1] += ones(top.affine_low & enabled);
            }
            if (clock >= CLOCKS_TO_RESIDUAL) {
                counts[2] += ones(top.output_high);
                counts[3] += ones(top.output_low);
#define TAKE(i) codes[i] = top.code_##i;
                EACH(TAKE)
                codes += COLUMNS;
            }
        }
    }
}
