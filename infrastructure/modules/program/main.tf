# The shared parts of a program's tasks: its images, the one reference to the released image, and the
# key for its images, secrets and logs.

locals {
  log_group_name = "/ecs/${var.name}/${var.program_name}"
}

module "key" {
  source = "../key"

  name            = "${var.name}-${var.program_name}"
  account         = var.account
  description     = "Images, secrets and log of ${var.name}-${var.program_name}"
  log_group_names = [local.log_group_name, "${local.log_group_name}/*"]
}

module "repository" {
  source = "../repository"

  name                = "${var.name}/${var.program_name}"
  kms_key_arn         = module.key.arn
  deletion_protection = var.deletion_protection
}
