/* Example of a port: the unit's registers are memory-mapped at NMPU_BASE. */
#include "nmpu_selftest.h"

#ifndef NMPU_BASE
#error "say where the unit is: make DEFINES=-DNMPU_BASE=0x43c00000u"
#endif

void nmpu_write32(uint32_t address, uint32_t data)
{
    *(volatile uint32_t *)(NMPU_BASE + (uintptr_t)address) = data;
}

uint32_t nmpu_read32(uint32_t address)
{
    return *(volatile uint32_t *)(NMPU_BASE + (uintptr_t)address);
}
