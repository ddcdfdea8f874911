"""Everyday names of properties, for "did you mean"."""

from typing import Final

EVERYDAY: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("logp", "clogp", "alogp", "xlogp", "crippen", "mol_logp", "mollogp", "lipophilicity"), "crippen_logp"
    ),
    **dict.fromkeys(("mw", "molwt", "mol_wt", "molweight", "mol_weight", "weight", "mass"), "molecular_weight"),
    **dict.fromkeys(("donors", "h_donors", "numhdonors", "hb_donors", "hydrogen_bond_donors"), "hbd"),
    **dict.fromkeys(("acceptors", "h_acceptors", "numhacceptors", "hb_acceptors", "hydrogen_bond_acceptors"), "hba"),
    **dict.fromkeys(("sa", "sas", "sascore", "synthesizability", "synthetic_accessibility"), "sa_score"),
    **dict.fromkeys(("np", "npscore", "natural_product_likeness"), "np_score"),
    **dict.fromkeys(("psa", "polar_surface_area"), "tpsa"),
    **dict.fromkeys(("rotors", "rotb", "rotatable", "num_rotatable_bonds", "numrotatablebonds"), "rotatable_bonds"),
    **dict.fromkeys(("fsp3", "csp3", "fractioncsp3", "fraction_csp3"), "fraction_sp3"),
    **dict.fromkeys(("drug_likeness", "druglikeness"), "qed"),
    **dict.fromkeys(("hac", "atoms", "num_heavy_atoms", "heavyatomcount", "size"), "heavy_atoms"),
    **dict.fromkeys(("heteroatoms", "num_heteroatoms"), "hetero_atoms"),
    **dict.fromkeys(("num_rings", "ring_count", "ringcount"), "rings"),
    **dict.fromkeys(("num_aromatic_rings", "aromatics"), "aromatic_rings"),
    **dict.fromkeys(("macrocycle", "ring_size", "max_ring_size"), "largest_ring"),
    **dict.fromkeys(("sps", "complexity"), "spacial_score"),
    **dict.fromkeys(
        ("chirality", "chiral_centres", "chiral_centers", "stereo_centers", "stereocenters"), "stereo_centres"
    ),
    **dict.fromkeys(("formal_charge", "net_charge"), "charge"),
}
"""Word, in lower case and with _ for blanks -> the name that `oracle = ` knows."""
