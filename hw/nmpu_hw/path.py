"""What every data path has in common: its ports."""

from amaranth.lib.wiring import In, Out, Signature

from nmpu_hw.fixed import shape
from nmpu_hw.settings import layer_settings
from nmpu_spec.config import CODE_BITS, Config
from nmpu_spec.parameters import parameter_fields


def path_signature(config: Config) -> Signature:
    """The ports of a data path.

    code_<b>      of the group in the register ``fetch``
    <parameter>   of the group in the register that `Pipeline.reads` says
    rx            the rx code of the group in ``norm``
    load_<register>    a group moves into that register; the path has all but ``fetch`` and ``output``
    layer_<register>   the settings of the group that moves into it
    enable        the mask enables the column of the group that moves into ``output``
    corrected, norm, total     what stands in the registers ``affine``, ``norm`` and ``residual``
    affine_high, affine_low    saturation of the group in ``affine``
    code, output_high, output_low   what is to be loaded into ``output``
    """
    inner = config.pipeline.registers[1:-1]
    return Signature(
        {
            **{f"code_{branch}": In(shape(config.adc.code)) for branch in config.branches},
            **{field.name: In(shape(field.format)) for field in parameter_fields(config)},
            **{f"load_{register}": In(1) for register in inner},
            **{f"layer_{register}": In(layer_settings(config)) for register in config.pipeline.layers},
            "rx": In(config.residual.code_bits),
            "enable": In(1),
            "corrected": Out(shape(config.affine.corrected)),
            "affine_high": Out(1),
            "affine_low": Out(1),
            "norm": Out(shape(config.norm_format)),
            "total": Out(shape(config.total_format)),
            "code": Out(max(CODE_BITS)),
            "output_high": Out(1),
            "output_low": Out(1),
        }
    )
