/* Self-test of an NMPU through its registers alone. C99, freestanding: no library, no dynamic memory, no recursion. */
#ifndef NMPU_SELFTEST_H
#define NMPU_SELFTEST_H

#include <stddef.h>
#include <stdint.h>

/* nmpu_registers.h ends in a static_assert, which C99 does not have. */
#if !defined(__STDC_VERSION__) || __STDC_VERSION__ < 201112L
#define static_assert(condition, message) typedef char nmpu_assert_t[(condition) ? 1 : -1]
#endif
#include "nmpu_registers.h"
#include "nmpu_vectors.h"

/* How often a flag is read that should go out. It does so within 7 clocks; after this the unit counts as hung. */
#ifndef NMPU_POLLS
#define NMPU_POLLS 1000
#endif

/* -- The port: the user writes these two. Address 0 is the register id. ------------------------------------------- */

void nmpu_write32(uint32_t address, uint32_t data);
uint32_t nmpu_read32(uint32_t address);

/* -- The vectors: generated, in nmpu_vectors.c -------------------------------------------------------------------- */

typedef struct {
    const char *name; /* <suite>/<case> */
    uint32_t bank;
    uint32_t vectors;
    const uint32_t *program;  /* [NMPU_PROGRAM_WORDS] */
    const uint32_t *inject;   /* [vectors][NMPU_GROUPS][NMPU_LANES][NMPU_INJECT_WORDS] */
    const uint32_t *expected; /* [vectors][NMPU_COLUMNS][NMPU_NUMBERS] */
    uint32_t counters[NMPU_COUNTERS];
} nmpu_case_t;

/* A register that is compared after each case. */
typedef struct {
    const char *name;
    uint32_t address;
} nmpu_counter_t;

/* A raw counter, as it is injected into a lane and read back. */
typedef struct {
    const char *name;
    unsigned word, lsb, bits; /* in the lane's inject words */
    int is_signed;
} nmpu_raw_t;

/* A number that a stage made, as it is read back from a lane. */
typedef struct {
    const char *name;
    const char *stage;
    uint32_t address; /* of lane 0 */
    int is_signed;
    uint32_t view; /* what test.view must be for it: 1 for the upper half of a number of more than 32 bits */
} nmpu_number_t;

extern const nmpu_case_t nmpu_cases[NMPU_CASES];
extern const uint32_t nmpu_program_offset[NMPU_PROGRAM_WORDS]; /* of a program's word, from the start of its bank */
extern const uint32_t nmpu_inject_address[NMPU_INJECT_WORDS];  /* of lane 0 */
extern const nmpu_raw_t nmpu_raws[NMPU_RAWS];
extern const nmpu_number_t nmpu_numbers[NMPU_NUMBERS]; /* in the order of the data path; the last is the code */
extern const nmpu_counter_t nmpu_counters[NMPU_COUNTERS];

/* -- The test ----------------------------------------------------------------------------------------------------- */

typedef enum {
    NMPU_PASS,
    NMPU_WRONG,    /* results or counters differ */
    NMPU_BUSY,     /* STATUS.busy stays 1 though the unit is disabled; the case was not begun */
    NMPU_IN_FLIGHT /* a pushed group does not come out; nothing more can be done before a reset */
} nmpu_verdict_t;

typedef struct {
    nmpu_verdict_t verdict;
    uint32_t compared, wrong; /* results: what one column made of one vector, in every stage */
    uint32_t counters[NMPU_COUNTERS];

    uint32_t vector, group; /* of the first wrong result, or of the group that is in flight */
    uint32_t lane, column;  /* of the first wrong result, as all that follows */
    const uint32_t *injected, *expected;                     /* what it was given, what had to come of it ... */
    uint32_t raws[NMPU_INJECT_WORDS], numbers[NMPU_NUMBERS]; /* ... and what is read back */
} nmpu_result_t;

/* Is the unit the one that the vectors were made for? Returns the name of the first of the registers id, config_hash,
   geometry that says no, and what it should read and does read; NULL if none does. */
const char *nmpu_identify(uint32_t *expected, uint32_t *got);

/* Loads, pushes and compares one case. Leaves the unit disabled and out of test mode, except after NMPU_IN_FLIGHT. */
void nmpu_run(const nmpu_case_t *test, nmpu_result_t *result);

#endif
