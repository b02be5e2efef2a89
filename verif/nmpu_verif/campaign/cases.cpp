// Copies of a combinational stage, tried with numbered cases; "ports.h" says how many there are and what their ports are.
//
// The bits of a case's number are its operands. COPIES, EACH(X): X(i) for every copy i, OPERANDS(X, i): X(name, lsb, mask,
// i), HELD(X, i): X(name, i) for every other input, which is 0, OUTPUTS(X, i): X(name, row, i), and Word, the type of a row.

#include <cstddef>
#include <cstdint>

#include "Vtop.h"
#include "ports.h"
#include "verilated.h"

// Cases `first` and up; `count`, a multiple of COPIES, words in each row of `out`.
extern "C" void nmpu_cases(uint64_t first, std::size_t count, Word *const *out) {
    VerilatedContext context;
    Vtop top(&context);
#define ZERO(name, i) top.name##_##i = 0;
#define HOLD(i) HELD(ZERO, i)
    EACH(HOLD)
    for (std::size_t at = 0; at < count; at += COPIES) {
        const uint64_t number = first + at;
#define DRIVE(name, lsb, mask, i) top.name##_##i = (number + i) >> lsb & mask;
#define PUT(i) OPERANDS(DRIVE, i)
        EACH(PUT)
        top.eval();
#define TAKE(name, row, i) out[row][at + i] = top.name##_##i;
#define GET(i) OUTPUTS(TAKE, i)
        EACH(GET)
    }
}
