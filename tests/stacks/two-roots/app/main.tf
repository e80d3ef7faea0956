data "terraform_remote_state" "below" {
  backend = "s3"
  config  = { bucket = "states", key = "live/network.tfstate", region = "eu-west-1" }
}

locals {
  network = data.terraform_remote_state.below.outputs
}

provider "aws" {
  region = "eu-west-1"
}

resource "aws_lb" "this" {
  name            = "web"
  subnets         = local.network.subnet_ids
  security_groups = [local.network.security_group_id]
}

resource "aws_lb_target_group" "this" {
  port        = 8000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = local.network.vpc_id
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
    name         = "web"
    image        = "example/web:1"
    essential    = true
    portMappings = [{ containerPort = 8000 }]
  }])
}

resource "aws_ecs_service" "this" {
  name            = "web"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 2
  launch_type     = "FARGATE"
  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "web"
    container_port   = 8000
  }
  network_configuration {
    subnets          = local.network.subnet_ids
    security_groups  = [local.network.security_group_id]
    assign_public_ip = true
  }
}

output "url" {
  value = "http://${aws_lb.this.dns_name}/"
}
