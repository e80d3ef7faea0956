# The least of what the provider's examples refer to; NAME stands for the name that they use.

resource "aws_vpc" "NAME" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "NAME" {
  vpc_id = "vpc-0123456789abcdef0"
  cidr_block = "10.0.1.0/24"
}

resource "aws_security_group" "NAME" {
  name = "stub-NAME"
  vpc_id = "vpc-0123456789abcdef0"
}

resource "aws_iam_role" "NAME" {
  name = "stub-NAME"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }] })
}

resource "aws_iam_user" "NAME" {
  name = "stub-NAME"
}

resource "aws_iam_group" "NAME" {
  name = "stub-NAME"
}

resource "aws_iam_policy" "NAME" {
  name = "stub-NAME"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
}

resource "aws_sns_topic" "NAME" {
  name = "stub-NAME"
}

resource "aws_sqs_queue" "NAME" {
  name = "stub-NAME"
}

resource "aws_s3_bucket" "NAME" {
  bucket = "stub-NAME-bucket"
}

resource "aws_kms_key" "NAME" {
  description = "stub"
}

resource "aws_lambda_function" "NAME" {
  function_name = "stub-NAME"
  role = "arn:aws:iam::123456789012:role/x"
  filename = "payload.zip"
  handler = "index.handler"
  runtime = "nodejs20.x"
}

resource "aws_lb" "NAME" {
  name = "stub-NAME"
  internal = true
  subnets = ["subnet-0123456789abcdef0","subnet-0123456789abcdef1"]
}

resource "aws_lb_target_group" "NAME" {
  name = "stub-NAME"
  port = 80
  protocol = "HTTP"
  vpc_id = "vpc-0123456789abcdef0"
}

resource "aws_lb_listener" "NAME" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/x/0123456789abcdef"
  port = 80
  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
    }
  }
}

resource "aws_cloudwatch_log_group" "NAME" {
  name = "stub-NAME"
}

resource "aws_ecs_cluster" "NAME" {
  name = "stub-NAME"
}

resource "aws_ecr_repository" "NAME" {
  name = "stub-name"
}

resource "aws_route53_zone" "NAME" {
  name = "example.com"
}

resource "aws_eip" "NAME" {
  domain = "vpc"
}

resource "aws_internet_gateway" "NAME" {
  vpc_id = "vpc-0123456789abcdef0"
}

resource "aws_route_table" "NAME" {
  vpc_id = "vpc-0123456789abcdef0"
}

resource "aws_dynamodb_table" "NAME" {
  name = "stub-NAME"
  hash_key = "id"
  billing_mode = "PAY_PER_REQUEST"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_cloudwatch_event_rule" "NAME" {
  name = "stub-NAME"
  schedule_expression = "rate(5 minutes)"
}

resource "aws_secretsmanager_secret" "NAME" {
  name = "stub-NAME"
}

resource "aws_cloudwatch_metric_alarm" "NAME" {
  alarm_name = "stub-NAME"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods = 1
  metric_name = "x"
  namespace = "y"
  period = 60
  statistic = "Sum"
  threshold = 1
}

resource "aws_instance" "NAME" {
  ami = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}

resource "aws_ecs_task_definition" "NAME" {
  family = "stub"
  container_definitions = jsonencode([{ name = "a", image = "b", memory = 128 }])
}
