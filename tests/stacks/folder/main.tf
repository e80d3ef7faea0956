# Its image is built elsewhere: the folder has no Dockerfile.
provider "aws" {
  region = "eu-west-1"
}

data "aws_vpc" "default" { default = true }

data "aws_subnets" "default" {}

resource "aws_lb" "this" {
  name    = "web"
  subnets = data.aws_subnets.default.ids
}

resource "aws_lb_target_group" "this" {
  port        = 80
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = data.aws_vpc.default.id
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_ecs_cluster" "this" {
  name = "main"
}

resource "aws_ecs_task_definition" "this" {
  family                   = "web"
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  container_definitions = jsonencode([{
    name = "web", image = "example/web:1", portMappings = [{ containerPort = 80 }]
  }])
}

resource "aws_ecs_service" "this" {
  name            = "web"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 1
  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "web"
    container_port   = 80
  }
  network_configuration {
    subnets          = data.aws_subnets.default.ids
    assign_public_ip = true
  }
}
