"""Application Auto Scaling: target_tracking decides; auto_scaling measures and carries out."""
