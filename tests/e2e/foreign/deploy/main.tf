# Another team's stack: other names, other shapes, no CloudFront, no database, parts that a miniature
# cannot run.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

variable "greeting" {
  type    = string
  default = "hello from the definitions"
}

resource "aws_vpc" "main" {
  cidr_block = "172.16.0.0/16"
}

resource "aws_subnet" "a" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "172.16.0.0/24"
  availability_zone = "eu-west-1a"
}

resource "aws_subnet" "b" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "172.16.1.0/24"
  availability_zone = "eu-west-1b"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_lb" "shop" {
  name    = "shop"
  subnets = [aws_subnet.a.id, aws_subnet.b.id]

  connection_logs {
    bucket  = aws_s3_bucket.logs.id
    prefix  = "connections"
    enabled = true
  }
}

# Logs that AWS's services write, to one bucket. Only the load balancer needs its policy here; for the
# web ACL's log it has a statement, since it has a policy at all.
resource "aws_s3_bucket" "logs" {
  bucket        = "aws-waf-logs-shop"
  force_destroy = true
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.logs.arn}/connections/AWSLogs/*"
      },
      {
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.logs.arn}/*"
      },
    ]
  })
}

resource "aws_wafv2_web_acl" "shop" {
  name  = "shop"
  scope = "REGIONAL"

  default_action {
    allow {}
  }

  rule {
    name     = "odd"
    priority = 1

    action {
      count {}
    }

    rule_label {
      name = "odd"
    }

    statement {
      byte_match_statement {
        search_string         = "odd"
        positional_constraint = "CONTAINS"

        field_to_match {
          query_string {}
        }

        text_transformation {
          priority = 0
          type     = "NONE"
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "odd"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "shop"
    sampled_requests_enabled   = false
  }
}

resource "aws_wafv2_web_acl_association" "shop" {
  resource_arn = aws_lb.shop.arn
  web_acl_arn  = aws_wafv2_web_acl.shop.arn
}

resource "aws_wafv2_web_acl_logging_configuration" "shop" {
  resource_arn            = aws_wafv2_web_acl.shop.arn
  log_destination_configs = [aws_s3_bucket.logs.arn]

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ALL"

      condition {
        action_condition {
          action = "COUNT"
        }
      }

      condition {
        label_name_condition {
          label_name = "awswaf:123456789012:webacl:shop:odd"
        }
      }
    }
  }

  redacted_fields {
    single_header {
      name = "cookie"
    }
  }
}

# A distribution before it, whose log (v2) goes to a group as JSON.
resource "aws_cloudfront_distribution" "shop" {
  enabled = true

  origin {
    origin_id   = "shop"
    domain_name = aws_lb.shop.dns_name

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "http-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "shop"
    viewer_protocol_policy = "allow-all"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" # CachingDisabled
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

resource "aws_cloudwatch_log_group" "cdn" {
  name              = "/shop/cdn"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_delivery_source" "cdn" {
  name         = "cdn"
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.shop.arn
}

resource "aws_cloudwatch_log_delivery_destination" "cdn" {
  name          = "cdn"
  output_format = "json"

  delivery_destination_configuration {
    destination_resource_arn = aws_cloudwatch_log_group.cdn.arn
  }
}

resource "aws_cloudwatch_log_delivery" "cdn" {
  delivery_source_name     = aws_cloudwatch_log_delivery_source.cdn.name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.cdn.arn
  record_fields            = ["date", "time", "cs-method", "cs-uri-stem", "sc-status", "x-edge-request-id"]
}

resource "aws_lb_target_group" "shop" {
  name        = "shop"
  port        = 9000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.main.id

  health_check {
    path = "/alive"
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.shop.arn
  port              = 80

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
      message_body = "nothing here"
    }
  }
}

resource "aws_lb_listener_rule" "shop" {
  listener_arn = aws_lb_listener.http.arn
  priority     = 5

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.shop.arn
  }

  condition {
    path_pattern {
      values = ["/shop/*"]
    }
  }
}

resource "aws_sqs_queue" "orders" {
  name = "orders"
}

resource "aws_elasticache_serverless_cache" "carts" {
  engine = "valkey"
  name   = "carts"
}

resource "aws_secretsmanager_secret" "api" {
  name = "shop/api-key"
}

resource "aws_secretsmanager_secret_version" "api" {
  secret_id     = aws_secretsmanager_secret.api.id
  secret_string = jsonencode({ key = "k-123" })
}

resource "aws_ecs_cluster" "shop" {
  name = "shop"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "start" {
  name               = "shop-start"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role" "web" {
  name               = "shop-web"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "start" {
  name = "read-secret"
  role = aws_iam_role.start.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = aws_secretsmanager_secret.api.arn
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.shop.arn}:*"
      },
    ]
  })
}

resource "aws_iam_role_policy" "web" {
  name = "use-orders"
  role = aws_iam_role.web.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
      Resource = aws_sqs_queue.orders.arn
    }]
  })
}

resource "aws_cloudwatch_log_group" "shop" {
  name              = "/shop/web"
  retention_in_days = 7
}

resource "aws_ecs_task_definition" "web" {
  family                   = "shop-web"
  execution_role_arn       = aws_iam_role.start.arn
  task_role_arn            = aws_iam_role.web.arn
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512

  container_definitions = jsonencode([
    {
      name         = "web"
      image        = "registry.example.com/shop:1.0"
      portMappings = [{ containerPort = 9000 }]
      environment = [
        { name = "GREETING", value = var.greeting },
        { name = "QUEUE_URL", value = aws_sqs_queue.orders.url },
      ]
      secrets = [{ name = "API_KEY", valueFrom = "${aws_secretsmanager_secret.api.arn}:key::" }]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.shop.name
          awslogs-region        = "eu-west-1"
          awslogs-stream-prefix = "web"
        }
      }
    },
    {
      name      = "metrics"
      image     = "registry.example.com/metrics:1.0"
      essential = false
    },
  ])

  depends_on = [aws_secretsmanager_secret_version.api]
}

resource "aws_ecs_service" "web" {
  name            = "web"
  cluster         = aws_ecs_cluster.shop.id
  task_definition = aws_ecs_task_definition.web.arn
  desired_count   = 2
  launch_type     = "FARGATE"

  network_configuration {
    subnets          = [aws_subnet.a.id, aws_subnet.b.id]
    assign_public_ip = true
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.shop.arn
    container_name   = "web"
    container_port   = 9000
  }
}

resource "aws_ecs_task_definition" "worker" {
  family                   = "shop-worker"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512

  container_definitions = jsonencode([{ name = "worker", image = "registry.example.com/worker:1.0" }])
}

resource "aws_ecs_service" "worker" {
  name            = "worker"
  cluster         = aws_ecs_cluster.shop.id
  task_definition = aws_ecs_task_definition.worker.arn
  desired_count   = 1
  launch_type     = "FARGATE"

  network_configuration {
    subnets          = [aws_subnet.a.id, aws_subnet.b.id]
    assign_public_ip = true
  }
}

# --- A task on an event: a report of each day's end ---

resource "aws_cloudwatch_event_rule" "report" {
  name          = "report"
  event_pattern = jsonencode({ source = ["shop"], "detail-type" = ["Day closed"] })
}

locals {
  reports = { careful = ["ecs:RunTask", "iam:PassRole"], careless = ["ecs:RunTask"] }
}

resource "aws_iam_role" "report" {
  for_each = local.reports

  name = "shop-report-${each.key}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "report" {
  for_each = local.reports

  name = "run"
  role = aws_iam_role.report[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = each.value, Resource = "*" }]
  })
}

resource "aws_cloudwatch_event_target" "report" {
  for_each = local.reports

  rule      = aws_cloudwatch_event_rule.report.name
  target_id = each.key
  arn       = aws_ecs_cluster.shop.arn
  role_arn  = aws_iam_role.report[each.key].arn
  input = jsonencode({
    containerOverrides = [{ name = "web", command = ["python3", "-c", "raise SystemExit(3)"] }]
  })

  ecs_target {
    task_definition_arn = aws_ecs_task_definition.web.arn
    launch_type         = "FARGATE"
    group               = "reports"

    network_configuration {
      subnets          = [aws_subnet.a.id]
      assign_public_ip = true
    }
  }

  dead_letter_config {
    arn = aws_sqs_queue.unreported.arn
  }
}

resource "aws_sqs_queue" "unreported" {
  name = "unreported"
}

resource "aws_sqs_queue_policy" "unreported" {
  queue_url = aws_sqs_queue.unreported.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sqs:SendMessage"
      Principal = { Service = "events.amazonaws.com" }
      Resource  = aws_sqs_queue.unreported.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.report.arn } }
    }]
  })
}
