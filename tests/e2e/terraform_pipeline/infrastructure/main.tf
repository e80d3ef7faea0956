# A small system for the real pipeline: a parameter for each name, and a queue.

terraform {
  required_providers {
    aws    = { source = "hashicorp/aws" }
    random = { source = "hashicorp/random" }
  }

  backend "s3" {}
}

provider "aws" {
  region = var.region
}

variable "service_name" {
  type = string
}

variable "environment_identifier" {
  type = string
}

variable "region" {
  type = string
}

variable "permissions_boundary_arn" {
  type = string
}

variable "bootstrap" {
  type = bool
}

variable "names" {
  type = list(string)
}

variable "message" {
  type    = string
  default = "hello"
}

module "names" {
  source = "./modules/names"

  prefix = "/${var.service_name}-${var.environment_identifier}"
  names  = var.names
}

# A generated secret, as infrastructure/ has them: its value is in no state.
ephemeral "random_password" "key" {
  length = 40
}

resource "aws_secretsmanager_secret" "key" {
  name                    = "${var.service_name}-${var.environment_identifier}/key"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "key" {
  secret_id                = aws_secretsmanager_secret.key.id
  secret_string_wo         = ephemeral.random_password.key.result
  secret_string_wo_version = 1
}

# A program, as infrastructure/ has it: a release writes the tag, and Terraform reads it.
resource "aws_ssm_parameter" "image_tag" {
  name           = "/${var.service_name}-${var.environment_identifier}/app/image-tag"
  type           = "String"
  insecure_value = "unreleased"

  lifecycle {
    ignore_changes = [insecure_value]
  }
}

resource "aws_ecs_task_definition" "app" {
  family                   = "${var.service_name}-${var.environment_identifier}-app"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  track_latest             = true

  container_definitions = jsonencode([{
    name        = "app"
    image       = "123456789012.dkr.ecr.${var.region}.amazonaws.com/${var.service_name}-${var.environment_identifier}/app:${aws_ssm_parameter.image_tag.insecure_value}"
    essential   = true
    environment = [{ name = "MESSAGE", value = var.message }]
  }])
}
