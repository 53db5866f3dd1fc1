"""The billing contact: who it is, how it is changed with proof, and how a wrong change is stopped (G1 to G31)."""
