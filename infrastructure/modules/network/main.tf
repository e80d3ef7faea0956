# The VPC: subnets for five purposes in each zone, and the routes between them and out of the VPC.

locals {
  # Every purpose has one sixteenth of the VPC, and every zone one sixteenth of that. So a further zone
  # changes no address in use.
  purposes = ["ingress", "app", "egress", "database", "management"]

  subnets = {
    for pair in setproduct(local.purposes, var.availability_zones) : "${pair[0]}-${pair[1]}" => {
      purpose           = pair[0]
      availability_zone = pair[1]
      cidr_block        = cidrsubnet(cidrsubnet(var.cidr_block, 4, index(local.purposes, pair[0])), 4, index(var.availability_zones, pair[1]))
    }
  }

  subnet_ids = {
    for purpose in local.purposes : purpose => [
      for zone in var.availability_zones : aws_subnet.this["${purpose}-${zone}"].id
    ]
  }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# Nothing may use the VPC's default security group.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default-unused" }
}

# ---------------------------------------------------------------------------------------------
# Subnets and routes, by purpose
# ---------------------------------------------------------------------------------------------

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.value.availability_zone
  cidr_block              = each.value.cidr_block
  map_public_ip_on_launch = false

  tags = {
    Name    = "${var.name}-${each.key}"
    Purpose = each.value.purpose
  }
}

# One route table for each purpose: app, egress and database have no route out of the VPC.
resource "aws_route_table" "this" {
  for_each = toset(local.purposes)

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table_association" "this" {
  for_each = local.subnets

  subnet_id      = aws_subnet.this[each.key].id
  route_table_id = aws_route_table.this[each.value.purpose].id
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route" "ingress_to_internet" {
  route_table_id         = aws_route_table.this["ingress"].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

# Only builds use it (management subnets). The loss of its zone stops builds, never the application, so
# one is enough in every environment.
resource "aws_eip" "nat" {
  domain = "vpc"

  tags = { Name = "${var.name}-nat" }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = local.subnet_ids["ingress"][0]

  tags = { Name = var.name }
}

resource "aws_route" "management_to_internet" {
  route_table_id         = aws_route_table.this["management"].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}
