# What teams write and AWS takes. Each block was refused once.

resource "aws_route53_zone" "public" {
  name = "example.com"
}

resource "aws_appautoscaling_policy" "steps" {
  name               = "steps"
  policy_type        = "StepScaling"
  resource_id        = "service/main/web"
  scalable_dimension = "ecs:service:DesiredCount"
  service_namespace  = "ecs"

  step_scaling_policy_configuration {
    adjustment_type = "ChangeInCapacity"
    cooldown        = 60

    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}

resource "aws_cognito_user_pool" "people" {
  name = "people"
}

resource "aws_api_gateway_rest_api" "api" {
  name = "api"
}

resource "aws_wafv2_web_acl" "rates" {
  name  = "rates"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 1

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = 2000
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "rates"
    sampled_requests_enabled   = true
  }
}

resource "aws_cloudwatch_metric_alarm" "anomaly" {
  alarm_name          = "anomaly"
  comparison_operator = "GreaterThanUpperThreshold"
  evaluation_periods  = 2
  threshold_metric_id = "band"
  alarm_actions       = ["arn:aws:automate:ap-northeast-1:ec2:recover"]

  metric_query {
    id          = "band"
    expression  = "ANOMALY_DETECTION_BAND(load)"
    return_data = true
  }

  metric_query {
    id          = "load"
    return_data = true

    metric {
      metric_name = "CPUUtilization"
      namespace   = "AWS/ECS"
      period      = 60
      stat        = "Average"
    }
  }
}

resource "aws_ecs_task_definition" "nulls" {
  family                   = "nulls"
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]

  container_definitions = jsonencode([{
    name         = "web"
    image        = "web:1"
    essential    = null
    environment  = null
    portMappings = [{ containerPort = 80, hostPort = null, protocol = null, appProtocol = null }]
    dependsOn    = [null]
    healthCheck  = null
    logConfiguration = {
      logDriver     = "awslogs"
      secretOptions = null
      options = {
        awslogs-group         = "web"
        awslogs-region        = "ap-northeast-1"
        awslogs-stream-prefix = "web"
        mode                  = null
      }
    }
  }])
}

variable "rules" {
  type = list(object({ name = string, action = string, statement = string }))
  default = [
    { name = "countries", action = "block", statement = "countries" },
    { name = "rate", action = "count", statement = "rate" },
    { name = "logic", action = "allow", statement = "logic" },
  ]
}

resource "aws_wafv2_web_acl" "dynamic" {
  name  = "dynamic"
  scope = "REGIONAL"

  dynamic "default_action" {
    for_each = [var.rules[0].action]

    content {
      dynamic "allow" {
        for_each = default_action.value == "allow" ? [1] : []
        content {}
      }

      dynamic "block" {
        for_each = default_action.value == "block" ? [1] : []
        content {}
      }
    }
  }

  dynamic "rule" {
    for_each = { for index, rule in var.rules : index => rule }

    content {
      name     = rule.value.name
      priority = rule.key

      action {
        dynamic "allow" {
          for_each = rule.value.action == "allow" ? [1] : []
          content {}
        }

        dynamic "block" {
          for_each = rule.value.action == "block" ? [1] : []
          content {}
        }

        dynamic "count" {
          for_each = rule.value.action == "count" ? [1] : []
          content {}
        }
      }

      statement {
        dynamic "geo_match_statement" {
          for_each = rule.value.statement == "countries" ? [["JP"]] : []

          content {
            country_codes = geo_match_statement.value
          }
        }

        dynamic "rate_based_statement" {
          for_each = rule.value.statement == "rate" ? [1000] : []

          content {
            limit = rate_based_statement.value
          }
        }

        dynamic "and_statement" {
          for_each = rule.value.statement == "logic" ? [1] : []

          content {
            statement {
              geo_match_statement {
                country_codes = ["JP"]
              }
            }

            statement {
              not_statement {
                statement {
                  or_statement {
                    statement {
                      geo_match_statement {
                        country_codes = ["DE"]
                      }
                    }

                    statement {
                      ip_set_reference_statement {
                        arn = "arn:aws:wafv2:ap-northeast-1:123456789012:regional/ipset/a/1"
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.value.name
        sampled_requests_enabled   = true
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "dynamic"
    sampled_requests_enabled   = true
  }
}

resource "aws_cloudfront_origin_access_identity" "pages" {}

resource "aws_s3_bucket" "pages" {}

resource "aws_s3_bucket_policy" "pages" {
  bucket = aws_s3_bucket.pages.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.pages.arn}/*"
      Principal = { AWS = aws_cloudfront_origin_access_identity.pages.iam_arn }
    }]
  })
}

resource "aws_s3_bucket" "older_pages" {}

resource "aws_s3_bucket_policy" "older_pages" {
  bucket = aws_s3_bucket.older_pages.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.older_pages.arn}/*"
      Principal = { AWS = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2QWRUHAPOMQZL" }
    }]
  })
}

resource "aws_scheduler_schedule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hours)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:aws:sqs:ap-northeast-1:123456789012:jobs"
    role_arn = "arn:aws:iam::123456789012:role/scheduler"
  }
}

resource "aws_secretsmanager_secret" "rotated" {}

resource "aws_secretsmanager_secret_rotation" "rotated" {
  secret_id           = aws_secretsmanager_secret.rotated.id
  rotation_lambda_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:rotate"

  rotation_rules {
    schedule_expression = "cron(0 /8 * * ? *)"
  }
}

resource "aws_cloudwatch_event_rule" "addresses" {
  name          = "addresses"
  event_pattern = jsonencode({ detail = { source-ip = [{ cidr = "10.0.0.77/24" }] } })
}

resource "aws_rds_cluster" "limitless" {
  engine                      = "aurora-postgresql"
  engine_version              = "16.9-limitless"
  master_username             = "app"
  manage_master_user_password = true
}
