include "root" {
  path = find_in_parent_folders("root.hcl")
}

terraform {
  source = "${get_terragrunt_dir()}/../../modules//network"
}

inputs = {
  cidr_block = "10.1.0.0/16"
  unused     = true
}
