locals {
  region = read_terragrunt_config(find_in_parent_folders("region.hcl")).locals.region
  unit   = path_relative_to_include()
  tries  = 3
}

remote_state {
  backend = "s3"
  config  = { bucket = "states", key = "${path_relative_to_include()}/terraform.tfstate", region = local.region }
}

generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite_terragrunt"
  contents  = <<EOF
provider "aws" {
  region      = "${local.region}"
  max_retries = ${local.tries}
}
EOF
}

inputs = {
  name = "shop-${local.unit}"
}
