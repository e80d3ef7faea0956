provider "aws" {
  region = "eu-west-1"
}

data "terraform_remote_state" "security" {
  backend = "local"
  config  = { path = "${path.module}/../keys/terraform.tfstate" }
}

resource "aws_sqs_queue" "this" {
  name              = "orders"
  kms_master_key_id = data.terraform_remote_state.security.outputs.key_arn
}
