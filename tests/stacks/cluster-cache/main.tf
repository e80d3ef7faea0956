provider "aws" {
  region = "eu-west-1"
}

resource "aws_elasticache_user" "this" {
  for_each      = { default = "off ~keys* -@all", app = "on ~* +@all" }
  user_id       = each.key
  user_name     = each.key
  engine        = "valkey"
  access_string = each.value
  passwords     = ["a-password-of-${each.key}"]
}

resource "aws_elasticache_user_group" "this" {
  user_group_id = "app"
  engine        = "valkey"
  user_ids      = [for user in aws_elasticache_user.this : user.user_id]
}

resource "aws_elasticache_parameter_group" "this" {
  name   = "app"
  family = "valkey8"
  parameter {
    name  = "cluster-enabled"
    value = "yes"
  }
  parameter {
    name  = "maxmemory-policy"
    value = "allkeys-lru"
  }
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = "app"
  description                = "Of the app"
  engine                     = "valkey"
  node_type                  = "cache.t4g.micro"
  num_node_groups            = 2
  replicas_per_node_group    = 1
  automatic_failover_enabled = true
  transit_encryption_enabled = true
  at_rest_encryption_enabled = true
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  user_group_ids             = [aws_elasticache_user_group.this.user_group_id]
}

output "endpoint" {
  value = aws_elasticache_replication_group.this.configuration_endpoint_address
}
