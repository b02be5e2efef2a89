/* Runs the self-test and prints what it finds. Exit status: 0 if everything agrees, 1 if not. */
#include <stdio.h>

#include "nmpu_selftest.h"

static long long number(uint32_t word, unsigned lsb, unsigned bits, int is_signed)
{
    const uint32_t mask = 0xffffffffu >> (32 - bits);
    const uint32_t value = word >> lsb & mask;

    return is_signed && value > mask >> 1 ? (long long)value - mask - 1 : (long long)value;
}

/* One line of the table; the first one that differs names the stage to look at. Returns whether one did by now. */
static int print_number(const char *name, long long expected, long long got, const char *stage, int differed)
{
    printf("    %-16s %11lld %11lld", name, expected, got);
    if (expected != got && !differed) {
        printf("  <- %s", stage);
    }
    printf("\n");
    return differed || expected != got;
}

static void print_first(const nmpu_result_t *result)
{
    int i, differed = 0;

    printf("    first: vector %lu, group %lu, lane %lu, column %lu\n", (unsigned long)result->vector,
           (unsigned long)result->group, (unsigned long)result->lane, (unsigned long)result->column);
    printf("    %-16s %11s %11s\n", "", "expected", "got");
    for (i = 0; i < NMPU_RAWS; i++) {
        const nmpu_raw_t *raw = &nmpu_raws[i];

        differed = print_number(raw->name, number(result->injected[raw->word], raw->lsb, raw->bits, raw->is_signed),
                                number(result->raws[raw->word], raw->lsb, raw->bits, raw->is_signed), "inject", differed);
    }
    for (i = 0; i < NMPU_NUMBERS; i++) {
        const nmpu_number_t *made = &nmpu_numbers[i];

        differed = print_number(made->name, number(result->expected[i], 0, 32, made->is_signed),
                                number(result->numbers[i], 0, 32, made->is_signed), made->stage, differed);
    }
}

static void print_wrong(const nmpu_case_t *test, const nmpu_result_t *result)
{
    const int code = NMPU_NUMBERS - 1;
    int i, agree = 1;

    if (result->wrong == 0) {
        printf("%lu results: ok, registers WRONG\n", (unsigned long)result->compared);
    } else {
        printf("%lu of %lu results WRONG\n", (unsigned long)result->wrong, (unsigned long)result->compared);
        print_first(result);
    }
    for (i = 0; i < NMPU_COUNTERS; i++) {
        if (result->counters[i] != test->counters[i]) {
            printf("    register %s: expected %08lx, got %08lx\n", nmpu_counters[i].name,
                   (unsigned long)test->counters[i], (unsigned long)result->counters[i]);
            agree = 0;
        }
    }
    if (agree && result->numbers[code] != result->expected[code]) {
        printf("    out_crc agrees: the codes were right, reading them back is not\n");
    }
}

static void print_result(const nmpu_case_t *test, const nmpu_result_t *result)
{
    printf("%s, bank %lu: ", test->name, (unsigned long)test->bank);
    switch (result->verdict) {
    case NMPU_PASS:
        printf("%lu results: ok\n", (unsigned long)result->compared);
        break;
    case NMPU_WRONG:
        print_wrong(test, result);
        break;
    case NMPU_BUSY:
        printf("STATUS.busy stays 1 with CTRL.enable = 0: does somebody take the beats of out?\n");
        break;
    case NMPU_IN_FLIGHT:
        printf("vector %lu, group %lu HANGS: TEST.MODE.in_flight stays 1 after the push\n",
               (unsigned long)result->vector, (unsigned long)result->group);
        break;
    }
}

int main(void)
{
    static nmpu_result_t result;
    const char *wrong;
    uint32_t expected, got;
    int i, passed = 0;

    printf("self-test of %s\n", NMPU_NAME);
    wrong = nmpu_identify(&expected, &got);
    if (wrong != NULL) {
        printf("FAIL: register %s: expected %08lx, got %08lx; not the unit that these vectors are for, or no access\n",
               wrong, (unsigned long)expected, (unsigned long)got);
        return 1;
    }
    for (i = 0; i < NMPU_CASES; i++) {
        nmpu_run(&nmpu_cases[i], &result);
        print_result(&nmpu_cases[i], &result);
        passed += result.verdict == NMPU_PASS;
        if (result.verdict == NMPU_BUSY || result.verdict == NMPU_IN_FLIGHT) {
            break;
        }
    }
    printf("%s: %d of %d cases\n", passed == NMPU_CASES ? "PASS" : "FAIL", passed, NMPU_CASES);
    return passed != NMPU_CASES;
}
