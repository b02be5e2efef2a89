#include "nmpu_selftest.h"

#define ADDRESS(member) ((uint32_t)offsetof(nmpu_t, member))

static uint32_t of_lane(uint32_t lane_0, uint32_t lane)
{
    return lane_0 + lane * (uint32_t)sizeof(uint32_t);
}

/* Reads until the flag is 0; returns 0 if it never is. */
static int goes_out(uint32_t address, uint32_t flag)
{
    uint32_t polls;

    for (polls = 0; polls < NMPU_POLLS; polls++) {
        if ((nmpu_read32(address) & flag) == 0) {
            return 1;
        }
    }
    return 0;
}

const char *nmpu_identify(uint32_t *expected, uint32_t *got)
{
    static const struct {
        const char *name;
        uint32_t address, value;
    } registers[] = {
        {"id", ADDRESS(id), NMPU__ID__MAGIC_reset},
        {"config_hash", ADDRESS(config_hash), NMPU__CONFIG_HASH__HASH_reset},
        {"geometry", ADDRESS(geometry),
         (uint32_t)NMPU__GEOMETRY__COLUMNS_reset << NMPU__GEOMETRY__COLUMNS_bp |
             (uint32_t)NMPU__GEOMETRY__LANES_reset << NMPU__GEOMETRY__LANES_bp},
    };
    size_t i;

    for (i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        *expected = registers[i].value;
        *got = nmpu_read32(registers[i].address);
        if (*got != *expected) {
            return registers[i].name;
        }
    }
    return NULL;
}

static void load(const nmpu_case_t *test)
{
    const uint32_t bank = ADDRESS(bank) + test->bank * (uint32_t)sizeof(((nmpu_t *)0)->bank[0]);
    uint32_t i;

    for (i = 0; i < NMPU_PROGRAM_WORDS; i++) {
        nmpu_write32(bank + nmpu_program_offset[i], test->program[i]);
    }
}

/* Pushes one group; returns 0 if it does not come out. */
static int push(const uint32_t *inject)
{
    uint32_t lane, word;

    for (lane = 0; lane < NMPU_LANES; lane++) {
        for (word = 0; word < NMPU_INJECT_WORDS; word++) {
            nmpu_write32(of_lane(nmpu_inject_address[word], lane), *inject++);
        }
    }
    nmpu_write32(ADDRESS(test.push), NMPU__TEST__PUSH__PUSH_bm);
    return goes_out(ADDRESS(test.mode), NMPU__TEST__MODE__IN_FLIGHT_bm);
}

/* What the stage made of the group that was pushed last. */
static uint32_t captured(const nmpu_number_t *number, uint32_t lane)
{
#if NMPU_WIDE
    nmpu_write32(ADDRESS(test.view), number->view);
#endif
    return nmpu_read32(of_lane(number->address, lane));
}

static int agrees(uint32_t lane, const uint32_t *expected)
{
    uint32_t i;

    for (i = 0; i < NMPU_NUMBERS; i++) {
        if (captured(&nmpu_numbers[i], lane) != expected[i]) {
            return 0;
        }
    }
    return 1;
}

/* Compares the group that was pushed last. */
static void compare(const uint32_t *inject, const uint32_t *expected, uint32_t vector, uint32_t group,
                    nmpu_result_t *result)
{
    uint32_t lane, i;

    for (lane = 0; lane < NMPU_LANES; lane++, inject += NMPU_INJECT_WORDS, expected += NMPU_NUMBERS) {
        result->compared++;
        if (agrees(lane, expected) || result->wrong++ != 0) {
            continue;
        }
        result->vector = vector;
        result->group = group;
        result->lane = lane;
        result->column = group * NMPU_LANES + lane;
        result->injected = inject;
        result->expected = expected;
        for (i = 0; i < NMPU_INJECT_WORDS; i++) {
            result->raws[i] = nmpu_read32(of_lane(nmpu_inject_address[i], lane));
        }
        for (i = 0; i < NMPU_NUMBERS; i++) {
            result->numbers[i] = captured(&nmpu_numbers[i], lane);
        }
    }
}

void nmpu_run(const nmpu_case_t *test, nmpu_result_t *result)
{
    const uint32_t control = test->bank << NMPU__CTRL__BANK_bp;
    const uint32_t *inject = test->inject, *expected = test->expected;
    uint32_t vector, group, i;

    result->compared = result->wrong = 0;
    result->verdict = NMPU_BUSY;
    nmpu_write32(ADDRESS(ctrl), control);
    if (!goes_out(ADDRESS(status), NMPU__STATUS__BUSY_bm)) {
        return;
    }
    load(test);
    nmpu_write32(ADDRESS(test.mode), NMPU__TEST__MODE__ON_bm);
    nmpu_write32(ADDRESS(ctrl), control | NMPU__CTRL__CLEAR_bm);

    for (vector = 0; vector < test->vectors; vector++) {
        for (group = 0; group < NMPU_GROUPS; group++) {
            if (!push(inject)) {
                result->verdict = NMPU_IN_FLIGHT;
                result->vector = vector;
                result->group = group;
                return;
            }
            compare(inject, expected, vector, group, result);
            inject += NMPU_LANES * NMPU_INJECT_WORDS;
            expected += NMPU_LANES * NMPU_NUMBERS;
        }
    }

    result->verdict = result->wrong == 0 ? NMPU_PASS : NMPU_WRONG;
    for (i = 0; i < NMPU_COUNTERS; i++) {
        result->counters[i] = nmpu_read32(nmpu_counters[i].address);
        if (result->counters[i] != test->counters[i]) {
            result->verdict = NMPU_WRONG;
        }
    }
    nmpu_write32(ADDRESS(test.mode), 0);
}
