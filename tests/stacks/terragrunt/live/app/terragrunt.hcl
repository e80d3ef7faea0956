include "root" {
  path   = "${dirname(find_in_parent_folders("region.hcl"))}/live/root.hcl"
  expose = true
}

terraform {
  source = "../../modules//app"
}

dependency "network" {
  config_path  = "../network"
  mock_outputs = { vpc_id = "vpc-00000000" }
}

inputs = {
  vpc_id = dependency.network.outputs.vpc_id
  region = include.root.locals.region
}
