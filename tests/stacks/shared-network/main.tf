variable "vpc_id" {
  default = "vpc-0a1b2c3d4e5f60718"
}

provider "aws" {
  region = "eu-west-1"
}

data "aws_subnets" "private" {
  filter {
    name   = "vpc-id"
    values = [var.vpc_id]
  }
  filter {
    name   = "tag:Tier"
    values = ["private"]
  }
}

data "aws_subnet" "private" {
  for_each = toset(data.aws_subnets.private.ids)
  id       = each.value
}

data "aws_security_group" "default" {
  vpc_id = var.vpc_id
  name   = "default"
}

data "aws_route_table" "private" {
  subnet_id = data.aws_subnets.private.ids[0]
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = var.vpc_id
  service_name    = "com.amazonaws.eu-west-1.s3"
  route_table_ids = [data.aws_route_table.private.id]
}

resource "aws_security_group" "db" {
  name   = "db"
  vpc_id = var.vpc_id

  ingress {
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    cidr_blocks     = [for subnet in data.aws_subnet.private : subnet.cidr_block]
    security_groups = [data.aws_security_group.default.id]
  }
}
