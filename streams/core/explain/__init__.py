"""Why a value is what it is: its formula with the numbers filled in, and the statements that it rests on.

One module per family, beside the family's formulas. A declaration names what a formula reads; that nothing is left out is
proved from outside: folding only the statements named gives the same value again (`tests/property/test_explain.py`).
"""
