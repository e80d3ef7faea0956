provider "aws" {
  region = "eu-west-1"
}

resource "aws_ecs_cluster" "this" {
  name = "main"
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = toset(["report"])
  family                   = each.key
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([{
    name      = "app"
    image     = "example/${each.key}:1"
    essential = true
    command   = ["python3", "-c", "import time; time.sleep(600)"]
  }])
}

data "aws_vpc" "default" {
  default = true
}

data "aws_subnets" "default" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.default.id]
  }
}

resource "aws_iam_role" "this" {
  name = "scheduler"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "scheduler.amazonaws.com" } }]
  })
  inline_policy {
    name = "run"
    policy = jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "ecs:RunTask", Resource = aws_ecs_task_definition.this["report"].arn }]
    })
  }
}

resource "aws_scheduler_schedule" "this" {
  name                = "report"
  schedule_expression = "cron(0 6 * * ? *)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_ecs_cluster.this.arn
    role_arn = aws_iam_role.this.arn
    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this["report"].arn
      launch_type         = "FARGATE"
      network_configuration {
        subnets          = data.aws_subnets.default.ids
        assign_public_ip = true
      }
    }
  }
}
