"""Counter-ions, salt formers and solvents: fragments that are not what a row of a library is about."""

from typing import Final

# water, ammonia, hydrazine, hydroxylamine, oxoacids, complex fluorides, carbonic acid, cyanide and its kin
_INORGANIC: Final = (
    "O", "OO", "N", "NN", "NO", "S", "B(O)(O)O", "OS(=O)(=O)O", "OS(=O)O", "OP(=O)(O)O", "OP(O)O", "ON(=O)=O",
    "[O-][N+](=O)[O-]", "ON=O", "OCl(=O)(=O)=O", "F[B-](F)(F)F", "F[P-](F)(F)(F)(F)F", "F[Sb-](F)(F)(F)(F)F",
    "F[Si-2](F)(F)(F)(F)F", "O=C=O", "OC(O)=O", "C#N", "SC#N", "N=C=S", "OP(O)(=O)OP(O)(O)=O", "NS(O)(=O)=O", "OC#N",
    "F[As-](F)(F)(F)(F)F", "[N-]=[N+]=[N-]",
)  # fmt: skip
# mesylate, esylate, isethionate, edisylate, triflate, tosylate, besylate, closylate, napsylate, napadisylate,
# camsylate, alkyl sulfates, taurine, lauryl sulfate (of estolates), cyclamate
_SULFONIC_ACIDS: Final = (
    "CS(O)(=O)=O", "CCS(O)(=O)=O", "OCCS(O)(=O)=O", "OS(=O)(=O)CCS(O)(=O)=O", "OS(=O)(=O)C(F)(F)F",
    "Cc1ccc(cc1)S(O)(=O)=O", "OS(=O)(=O)c1ccccc1", "OS(=O)(=O)c1ccc(Cl)cc1", "OS(=O)(=O)c1ccc2ccccc2c1",
    "OS(=O)(=O)c1cccc2c(S(O)(=O)=O)cccc12", "CC1(C)C2CCC1(CS(O)(=O)=O)C(=O)C2", "COS(O)(=O)=O", "CCOS(O)(=O)=O",
    "NCCS(O)(=O)=O", "CCCCCCCCCCCCOS(O)(=O)=O", "OS(=O)(=O)NC1CCCCC1",
)  # fmt: skip
# formic to butyric, haloacetic (TFA), oxalic to sebacic, maleic and fumaric, malic, tartaric, citric, lactic, glycolic,
# mandelic, benzoic and its kin, hippuric, orotic, pyroglutamic, trifenatate, xinafoic, embonic (pamoic), sugar acids,
# lactobionic, resolving agents, fatty acids, saccharin, ascorbic
_CARBOXYLIC_ACIDS: Final = (
    "OC=O", "CC(O)=O", "CCC(O)=O", "CCCC(O)=O", "OC(=O)C(F)(F)F", "OC(=O)C(Cl)(Cl)Cl", "OC(=O)C(Cl)Cl",
    "OC(=O)C(O)=O", "OC(=O)CC(O)=O", "OC(=O)CCC(O)=O", "OC(=O)CCCC(O)=O", "OC(=O)CCCCC(O)=O", "OC(=O)CCCCCCCCC(O)=O",
    "OC(=O)C=CC(O)=O", "OC(=O)CC(O)C(O)=O", "OC(=O)C(O)C(O)C(O)=O", "OC(=O)CC(O)(CC(O)=O)C(O)=O", "CC(O)C(O)=O",
    "OCC(O)=O", "OC(=O)C(O)c1ccccc1", "OC(=O)c1ccccc1", "OC(=O)c1ccccc1O", "OC(=O)c1cc(O)ccc1O", "OC(=O)c1ccc(O)cc1",
    "OC(=O)c1cccnc1", "OC(=O)C=Cc1ccccc1", "OC(=O)CNC(=O)c1ccccc1", "OC(=O)c1cc(=O)[nH]c(=O)[nH]1",
    "OC(=O)C1CCC(=O)N1", "OC(=O)c1cc2ccccc2cc1O", "OC(=O)C(c1ccccc1)(c1ccccc1)c1ccccc1",
    "OC(=O)c1cc(S(O)(=O)=O)ccc1O", "OC(=O)c1ccc(C(O)=O)cc1", "OC(=O)c1ccc2ccccc2c1O",
    "OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(O)=O)c1O", "OCC(O)C(O)C(O)C(O)C(O)=O", "OC(=O)C(O)C(O)C(O)C(O)C(O)=O",
    "OCC1OC(OC(C(O)CO)C(O)C(O)C(O)=O)C(O)C(O)C1O", "O=CC(O)C(O)C(O)C(O)C(O)=O", "OC1OC(C(O)C(O)C1O)C(O)=O",
    "OCC(O)C(O)C(O)C(O)C(O)C(O)=O", "OC(=O)C(OC(=O)c1ccccc1)C(OC(=O)c1ccccc1)C(O)=O",
    "Cc1ccc(cc1)C(=O)OC(C(OC(=O)c1ccc(C)cc1)C(O)=O)C(O)=O", "CCCCCCCC(O)=O", "CCCCCCCCCC(O)=O", "CCCCCCCCCCCC(O)=O",
    "CCCCCCCCCCCCCCCC(O)=O", "CCCCCCCCCCCCCCCCCC(O)=O", "CCCCCCCCC=CCCCCCCCC(O)=O", "O=C1NS(=O)(=O)c2ccccc12",
    "OC1=C(O)C(=O)OC1C(O)CO",
)  # fmt: skip
# meglumine, tromethamine, DCHA, alkyl- and alkanolamines, choline, piperazine, epolamine, benzathine,
# tetraalkylammonium, urea, betaine, amino acids
_AMINES_AND_AMINO_ACIDS: Final = (
    "CNCC(O)C(O)C(O)C(O)CO", "NC(CO)(CO)CO", "C1CCC(CC1)NC1CCCCC1", "CC(C)(C)N", "CC(C)N", "CN", "CCN", "CNC",
    "CCNCC", "CN(C)C", "CCN(CC)CC", "CCN(C(C)C)C(C)C", "NCCO", "OCCNCCO", "OCCN(CCO)CCO", "CN(C)CCO", "CC(O)CN(C)C",
    "CCN(CC)CCO", "NCCN", "C[N+](C)(C)CCO", "C1CNCCN1", "CN1CCNCC1", "C1COCCN1", "C1CCNCC1", "C1CCNC1", "OCCN1CCCC1",
    "c1c[nH]cn1", "NC(N)=N", "c1ccc(CNCCNCc2ccccc2)cc1", "NCc1ccccc1", "CC(N)c1ccccc1", "C[N+](C)(C)C",
    "CC[N+](CC)(CC)CC", "NC(N)=O", "CCCC[N+](CCCC)(CCCC)CCCC", "C[N+](C)(C)CC(O)=O", "C[N+](C)(C)CC([O-])=O",
    "NCC(O)=O", "CC(N)C(O)=O", "NC(CCCCN)C(O)=O", "NC(CCCN=C(N)N)C(O)=O", "N=C(N)NCCCC(N)C(O)=O", "NC(CC(O)=O)C(O)=O",
    "NC(CCC(O)=O)C(O)=O", "NC(Cc1c[nH]cn1)C(O)=O", "OC(=O)C1CCCN1", "NC(CO)C(O)=O", "NC(CS)C(O)=O",
)  # fmt: skip
# alcohols, glycols, ketones, esters, ethers, nitriles, chlorinated, DMSO (in both notations), amides, aromatics,
# alkanes
_SOLVENTS: Final = (
    "CO", "CCO", "CCCO", "CC(C)O", "CCCCO", "CCC(C)O", "CC(C)CO", "CC(C)(C)O", "OCCO", "CC(O)CO", "OCC(O)CO",
    "CC(C)=O", "CCC(C)=O", "CCOC(C)=O", "COC(C)=O", "CC(C)OC(C)=O", "CCOCC", "COC(C)(C)C", "C1CCOC1", "C1COCCO1",
    "COCCOC", "CC#N", "ClCCl", "ClC(Cl)Cl", "ClC(Cl)(Cl)Cl", "ClCCCl", "CS(C)=O", "C[S+](C)[O-]", "CN(C)C=O",
    "CN(C)C(C)=O", "CN1CCCC1=O", "NC=O", "c1ccccc1", "Cc1ccccc1", "Cc1ccccc1C", "Cc1cccc(C)c1", "Cc1ccc(C)cc1",
    "c1ccncc1", "CCCCC", "CCCCCC", "CCCCCCC", "C1CCCCC1", "OC(C(F)(F)F)C(F)(F)F", "OCC(F)(F)F", "S=C=S",
)  # fmt: skip

COMMON: Final = (*_INORGANIC, *_SULFONIC_ACIDS, *_CARBOXYLIC_ACIDS, *_AMINES_AND_AMINO_ACIDS, *_SOLVENTS)
"""SMILES of counter-ions, salt formers and solvents, uncharged where hydrogen can do it, without stereo.

Some are drugs (salicylic acid, lysine): where nothing but such fragments is left, the largest of them is the molecule.
"""
