provider "aws" {
  region = "eu-west-1"
}

resource "aws_security_group" "this" {
  for_each = toset(["balancer", "web", "cache"])
  name     = each.key
  vpc_id   = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each                     = { web = "balancer", cache = "web" }
  security_group_id            = aws_security_group.this[each.key].id
  referenced_security_group_id = aws_security_group.this[each.value].id
  ip_protocol                  = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "public" {
  security_group_id = aws_security_group.this["balancer"].id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each          = aws_security_group.this
  security_group_id = each.value.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "random_password" "token" {
  length  = 32
  special = false
}

resource "aws_elasticache_subnet_group" "this" {
  name       = "cache"
  subnet_ids = aws_subnet.this[*].id
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = "sessions"
  description                = "Sessions"
  engine                     = "valkey"
  node_type                  = "cache.t4g.micro"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  transit_encryption_enabled = true
  auth_token                 = random_password.token.result
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this["cache"].id]
}
