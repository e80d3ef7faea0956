provider "aws" {
  region = "eu-west-1"
}

data "terraform_remote_state" "network" {
  backend = "s3"
  config  = { bucket = "states", key = "network", region = "eu-west-1" }
}

resource "aws_security_group" "this" {
  name   = "web"
  vpc_id = data.terraform_remote_state.network.outputs.vpc_id
}
