/* The host program: brings the unit up, lets vectors flow, swaps banks under way, and compares every code.
 *
 * Prints a line for each run, `run <name>: <what>=<number> ...`. Exit status 0: all as expected; 1: the last line says
 * what is not. Nothing but bus_read and bus_write depends on where it runs.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "nmpu_registers.h"
#include "soc.h"

#define UNIT(member) (SOC_NMPU + (uint32_t)offsetof(nmpu_t, member))
#define COLUMNS NMPU__GEOMETRY__COLUMNS_reset
#define LANES NMPU__GEOMETRY__LANES_reset
#define POLLS 1000000u

static uint32_t bus_accesses;

static uint32_t get(uint32_t address)
{
    uint32_t data;

    bus_accesses++;
    if (bus_read(address, &data) != 0) {
        printf("FAIL: reading %08lx is refused\n", (unsigned long)address);
        exit(1);
    }
    return data;
}

static void put(uint32_t address, uint32_t data)
{
    bus_accesses++;
    if (bus_write(address, data) != 0) {
        printf("FAIL: writing %08lx is refused\n", (unsigned long)address);
        exit(1);
    }
}

static void expect(const char *what, uint32_t got, uint32_t expected)
{
    if (got != expected) {
        printf("FAIL: %s: expected %08lx, got %08lx\n", what, (unsigned long)expected, (unsigned long)got);
        exit(1);
    }
}

/* Reads until the bits of `mask` are `wanted`. */
static void wait_for(const char *what, uint32_t address, uint32_t mask, uint32_t wanted)
{
    uint32_t polls;

    for (polls = 0; (get(address) & mask) != wanted; polls++) {
        if (polls == POLLS) {
            printf("FAIL: %s never comes\n", what);
            exit(1);
        }
    }
}

/* The unit is the one that the codes are for, and the bus refuses what it must. */
static void identify(void)
{
    static const uint32_t holes[] = {
        UNIT(id) + 2,                /* not a multiple of 4 */
        (uint32_t)sizeof(nmpu_t),    /* behind the unit's last register */
        SOC_ADC_START - 4,           /* behind the unit's address bits */
        SOC_ADC_LEFT + 0x10,         /* behind the ADC array's */
        SOC_BUFFER_CODES - 4,
        0x03000000u,                 /* nobody's window */
        0xfffffffcu,
    };
    uint32_t data;
    size_t i;

    expect("id", get(UNIT(id)), NMPU__ID__MAGIC_reset);
    expect("config_hash", get(UNIT(config_hash)), NMPU__CONFIG_HASH__HASH_reset);
    expect("geometry", get(UNIT(geometry)),
           (uint32_t)COLUMNS << NMPU__GEOMETRY__COLUMNS_bp | (uint32_t)LANES << NMPU__GEOMETRY__LANES_bp);
    for (i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        if (bus_read(holes[i], &data) == 0 || bus_write(holes[i], 0) == 0) {
            printf("FAIL: an access to %08lx is not refused\n", (unsigned long)holes[i]);
            exit(1);
        }
    }
    if (bus_write(UNIT(id), 0) == 0 || bus_write(SOC_ADC_LEFT, 0) == 0 || bus_write(SOC_BUFFER_FILLED, 0) == 0) {
        printf("FAIL: a write to a read-only register is not refused\n");
        exit(1);
    }
    printf("identified: id, config_hash, geometry; unmapped and read-only addresses are refused\n");
}

/* Settings, mask and parameters; returns how many bus accesses it took. */
static uint32_t load(uint32_t layer, uint32_t bank)
{
    const uint32_t start = UNIT(bank) + bank * (uint32_t)sizeof(((nmpu_t *)0)->bank[0]);
    const uint32_t before = bus_accesses;
    uint32_t i;

    for (i = 0; i < host_writes; i++) {
        put(start + host_layer[layer][i].offset, host_layer[layer][i].data);
    }
    return bus_accesses - before;
}

static uint32_t crc32(uint32_t crc, uint8_t code)
{
    int bit;

    crc ^= code;
    for (bit = 0; bit < 8; bit++) {
        crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return crc;
}

/* The codes at a place of the output buffer, one byte for each column. Every run fills all places. */
static void read_vector(uint32_t place, uint8_t *codes)
{
    const uint32_t layout = get(SOC_BUFFER_LAYOUT);
    uint32_t group, lane, word = 0;

    for (group = 0; group < COLUMNS / LANES; group++) {
        const uint32_t address = SOC_BUFFER_CODES + (place << (layout >> 8)) + (group << (layout & 0xff));

        for (lane = 0; lane < LANES; lane++) {
            if (lane % 4 == 0) {
                word = get(address + lane);
            }
            *codes++ = (uint8_t)(word >> lane % 4 * 8);
        }
    }
}

/* The first column that differs, or COLUMNS. */
static uint32_t difference(const uint8_t *codes, uint32_t layer, uint32_t vector)
{
    const uint8_t *expected = host_expected[layer] + vector * COLUMNS;
    uint32_t column;

    for (column = 0; column < COLUMNS && codes[column] == expected[column]; column++) {
    }
    return column;
}

/* Reads and compares all vectors of a run; returns how many layer 0 made. Only a run that swaps goes over to layer 1. */
static uint32_t compare(const host_run_t *run)
{
    static uint8_t codes[COLUMNS];
    uint32_t vector, column, layer = 0, of_layer_0 = 0, crc = 0xffffffffu;

    for (vector = 0; vector < SOC_VECTORS; vector++) {
        read_vector(vector, codes);
        if (run->swap && difference(codes, layer, vector) < COLUMNS && difference(codes, 1, vector) == COLUMNS) {
            layer = 1;
        }
        column = difference(codes, layer, vector);
        if (column < COLUMNS) {
            printf("FAIL: run %s, vector %lu, column %lu: expected %02x, got %02x\n", run->name, (unsigned long)vector,
                   (unsigned long)column, host_expected[layer][vector * COLUMNS + column], codes[column]);
            exit(1);
        }
        of_layer_0 += layer == 0;
        for (column = 0; column < COLUMNS; column++) {
            crc = crc32(crc, codes[column]);
        }
    }
    put(SOC_BUFFER_RELEASE, SOC_VECTORS);
    expect("out_crc", get(UNIT(out_crc)), ~crc);
    expect("out_beats", get(UNIT(out_beats)), SOC_VECTORS * (COLUMNS / LANES));
    return of_layer_0;
}

static void swap_banks(void)
{
    printf("bank 1 loaded while bank 0 runs: writes=%lu\n", (unsigned long)load(1, 1));
    put(UNIT(ctrl), NMPU__CTRL__ENABLE_bm | NMPU__CTRL__BANK_bm);
    wait_for("the end of bank 0's last vector", UNIT(status), 1u << NMPU__STATUS__IN_USE_bp, 0);
}

static void report(const host_run_t *run, uint32_t of_layer_0)
{
    static const struct {
        const char *name;
        uint32_t address;
    } counters[] = {
        {"cycles", UNIT(cycles)},           {"busy", UNIT(busy)},
        {"wait_adc", UNIT(wait_adc)},       {"wait_rx", UNIT(wait_rx)},
        {"stall_out", UNIT(stall_out)},     {"vectors", UNIT(vectors)},
        {"samples", UNIT(samples)},         {"affine_high", UNIT(affine_high)},
        {"affine_low", UNIT(affine_low)},   {"output_high", UNIT(output_high)},
        {"output_low", UNIT(output_low)},   {"out_crc", UNIT(out_crc)},
        {"elapsed", SOC_ADC_ELAPSED},
    };
    size_t i;

    printf("run %s: of_layer_0=%lu", run->name, (unsigned long)of_layer_0);
    for (i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        printf(" %s=%lu", counters[i].name, (unsigned long)get(counters[i].address));
    }
    printf("\n");
}

static void stream(const host_run_t *run)
{
    put(SOC_ADC_MVM_CLOCKS, run->mvm_clocks);
    put(SOC_BUFFER_PAUSE, run->pause);
    put(UNIT(ctrl), NMPU__CTRL__ENABLE_bm | NMPU__CTRL__CLEAR_bm);
    put(SOC_ADC_START, SOC_VECTORS);
    if (run->swap) {
        swap_banks();
    }
    wait_for("the last code", SOC_BUFFER_FILLED, 0xffffffffu, SOC_VECTORS);
    expect("MVMs left", get(SOC_ADC_LEFT), 0);
    /* Counters are a consistent set once the unit is disabled and idle. */
    put(UNIT(ctrl), 0);
    wait_for("an idle unit", UNIT(status), NMPU__STATUS__BUSY_bm, 0);
    report(run, compare(run));
}

int main(void)
{
    uint32_t i;

    identify();
    printf("bank 0 loaded: writes=%lu\n", (unsigned long)load(0, 0));
    for (i = 0; i < host_runs; i++) {
        stream(&host_run[i]);
    }
    printf("PASS\n");
    return 0;
}
