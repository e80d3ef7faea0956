# Another team's stack: other habits, other services, nothing that this repository's has.

terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40"
    }
  }

  backend "remote" {
    organization = "another-team"
    workspaces { name = "orders" }
  }
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "queues" {
  type = map(object({ retention = optional(number, 345600), fifo = optional(bool, false) }))
  default = {
    orders  = { fifo = true }
    returns = { retention = 60 }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = ["123456789012"]

  assume_role {
    role_arn = "arn:aws:iam::123456789012:role/deploy"
  }

  ignore_tags {
    key_prefixes = ["kubernetes.io/"]
  }
}

data "aws_caller_identity" "me" {}
data "aws_region" "here" {}
data "aws_partition" "here" {}

data "aws_availability_zones" "up" {
  state = "available"
}

locals {
  prefix = "orders-${data.aws_region.here.region}"
  zones  = slice(data.aws_availability_zones.up.names, 0, 2)
}

resource "aws_vpc" "net" {
  cidr_block           = "172.20.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "public" {
  count                   = length(local.zones)
  vpc_id                  = aws_vpc.net.id
  availability_zone       = local.zones[count.index]
  cidr_block              = cidrsubnet(aws_vpc.net.cidr_block, 4, count.index)
  map_public_ip_on_launch = true
}

resource "aws_internet_gateway" "gw" {
  vpc_id = aws_vpc.net.id
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.net.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.gw.id
  }
}

resource "aws_route_table_association" "public" {
  count          = length(aws_subnet.public)
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_security_group" "alb" {
  name_prefix = "${local.prefix}-alb-"
  vpc_id      = aws_vpc.net.id

  dynamic "ingress" {
    for_each = toset([80, 443])
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_alb" "front" {
  name            = "orders-front"
  subnets         = aws_subnet.public[*].id
  security_groups = [aws_security_group.alb.id]
}

resource "aws_alb_target_group" "front" {
  name        = "orders-front"
  port        = 3000
  protocol    = "HTTP"
  vpc_id      = aws_vpc.net.id
  target_type = "ip"

  health_check {
    path    = "/up"
    matcher = "200-299"
  }
}

resource "aws_alb_listener" "http" {
  load_balancer_arn = aws_alb.front.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_alb_target_group.front.arn
  }
}

resource "aws_ecs_cluster" "main" {
  name = local.prefix
}

module "worker" {
  source   = "./modules/worker"
  for_each = var.queues

  name      = each.key
  queue     = each.value
  cluster   = aws_ecs_cluster.main.arn
  subnets   = aws_subnet.public[*].id
  partition = data.aws_partition.here.partition
}

resource "aws_dynamodb_table" "orders" {
  name         = local.prefix
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_s3_bucket" "receipts" {
  bucket = "${local.prefix}-receipts-${data.aws_caller_identity.me.account_id}"
}

resource "terraform_data" "release" {
  input = { queues = sort(keys(module.worker)) }
}

check "region" {
  assert {
    condition     = data.aws_region.here.region == var.region
    error_message = "Another region answers."
  }
}

output "queues" {
  value = { for name, worker in module.worker : name => worker.queue_url }
}

output "address" {
  value = "http://${aws_alb.front.dns_name}"
}
