"""Public requantisers as functions of Python integers, each written from the source that it names."""

INT8 = (-128, 127)
UINT8 = (0, 255)


def tflite_single_rounding(
    x: int, multiplier: int, shift: int, zero_point: int = 0, activation: tuple[int, int] = INT8
) -> int:
    """x * multiplier * 2**(shift - 31), the product rounded once (ties up), then zero point and activation range.

    Source: tensorflow/lite/kernels/internal/common.cc, MultiplyByQuantizedMultiplier(int32, int32, int), compiled with
    TFLITE_SINGLE_ROUNDING; zero point and range as in reference/integer_ops/conv.h.
    """
    total_shift = 31 - shift
    rounded = (x * multiplier + (1 << (total_shift - 1))) >> total_shift
    return _clamp(rounded + zero_point, activation)


def nvdla_sdp_converter(x: int, offset: int, scale: int, truncate: int) -> int:
    """(x - offset) * scale >> truncate: nearest, ties away from zero, saturated to 17 bits and then to INT8.

    Source: nvdla/hw, cmod/hls/sdp/sdp_c.cpp (order of the steps), cmod/hls/include/nvdla_int.h (IntShiftRight) and
    nvdla_common.h, where its fixed-point type is an ac_fixed with AC_RND_INF and AC_SAT.
    """
    product = (x - offset) * scale
    # AC_RND_INF: the magnitude is rounded, its ties up.
    magnitude = (2 * abs(product) + (1 << truncate)) >> (truncate + 1)
    rounded = magnitude if product >= 0 else -magnitude
    return _clamp(_clamp(rounded, (-(1 << 16), (1 << 16) - 1)), INT8)


def deeploy_requant_shift(
    x: int,
    mul: int,
    add: int,
    log2d: int,
    *,
    rounding: bool,
    input_offset: int = 0,
    output_offset: int = 0,
    limits: tuple[int, int] = INT8,
) -> int:
    """((x + input_offset) * mul + add) >> log2d, with half an LSB added before the shift where `rounding`.

    Source: pulp-platform/Deeploy, TargetLibraries/Generic/src/RequantShift_s8.c. Its arithmetic is that of int32, whose
    overflow C does not define: raises `OverflowError` there.
    """
    total = _int32((x + input_offset) * mul + add)
    if rounding and log2d > 0:
        total = _int32(total + (1 << (log2d - 1)))
    return _clamp((total >> log2d) + output_offset, limits)


def ne16_normquant(accumulator: int, scale: int, bias: int, shift: int, *, relu: bool) -> int:
    """(accumulator * scale + bias) >> shift, a floor, in 32 bits that wrap; UINT8 after ReLU, else INT8.

    Source: pulp-platform/ne16, rtl/accumulator/ne16_normquant.sv (product), ne16_normquant_bias.sv (sum) and
    ne16_normquant_shifter.sv (shift and saturation), the path with a bias: without one the product has 48 bits. The
    shifter declares a rounding constant and does not use it.
    """
    product = _wrapped32(accumulator * scale)
    return _clamp(_wrapped32(product + bias) >> shift, UINT8 if relu else INT8)


def _clamp(value: int, limits: tuple[int, int]) -> int:
    low, high = limits
    return min(max(value, low), high)


def _int32(value: int) -> int:
    if not -(1 << 31) <= value < 1 << 31:
        raise OverflowError(f"{value} does not fit int32")
    return value


def _wrapped32(value: int) -> int:
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)
