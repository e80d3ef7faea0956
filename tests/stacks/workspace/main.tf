terraform {
  backend "s3" {
    bucket               = "states"
    key                  = "app"
    workspace_key_prefix = "env"
  }
}

provider "aws" {
  region = "eu-west-1"
}

variable "queues" {
  type = map(object({ delay = optional(number, 0) }))
}

resource "aws_sqs_queue" "this" {
  for_each                = var.queues
  name                    = "${terraform.workspace}-${each.key}"
  delay_seconds           = each.value.delay
  sqs_managed_sse_enabled = true
}
