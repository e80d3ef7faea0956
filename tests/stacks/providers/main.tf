terraform {
  required_version = "~> 1.5.0"
  required_providers {
    aws     = { source = "hashicorp/aws", version = ">= 5.0" }
    tls     = { source = "hashicorp/tls" }
    auth0   = { source = "auth0/auth0" }
    datadog = { source = "DataDog/datadog" }
  }
}

provider "aws" {
  region = "eu-west-1"
}

provider "auth0" {
  domain = "unused"
}

provider "datadog" {
  api_key = "unused"
  app_key = "unused"
}

data "datadog_role" "admin" {
  filter = "Datadog Admin Role"
}

resource "datadog_monitor" "cpu" {
  for_each         = { web = 80, worker = 90 }
  name             = "CPU of ${each.key}"
  type             = "metric alert"
  message          = "{{#is_alert}} } {{/is_alert}}"
  query            = "avg(last_5m):avg:aws.ecs.cpuutilization{service:${each.key}} > ${each.value}"
  restricted_roles = [data.datadog_role.admin.id]

  monitor_thresholds {
    critical = each.value
  }
}

resource "tls_private_key" "this" {
  algorithm = "ED25519"
}

resource "aws_ssm_parameter" "monitors" {
  name  = "/app/monitors"
  type  = "StringList"
  value = join(",", values(datadog_monitor.cpu)[*].id)
}

resource "aws_ssm_parameter" "key" {
  name  = "/app/key"
  type  = "SecureString"
  value = tls_private_key.this.private_key_pem
}
