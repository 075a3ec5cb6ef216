"""Tolerances, each with its reason."""

#: Sums and products of numbers up to about 1e3 mm in float64, a few hundred operations.
ROUNDING_MM = 1e-9
#: Brainsight text keeps 4 decimals: half a unit in the last place, three axes.
BRAINSIGHT_MM = 1e-4
#: What "moves along" means for a target when the head moves: a hundredth of a millimetre.
EQUIVARIANT_MM = 0.01
