"""Builders of fabrics: each returns a networkx graph of parts and links."""

from clustersim.fabric.topologies.between import dragonfly, fat_tree, rail_optimized, torus
from clustersim.fabric.topologies.domain import full_mesh, pcie_tree, switched
from clustersim.fabric.topologies.optical import OpticalSupernode

__all__ = [
    "OpticalSupernode", "dragonfly", "fat_tree", "full_mesh", "pcie_tree", "rail_optimized", "switched", "torus",
]  # fmt: skip
