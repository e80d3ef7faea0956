provider "aws" {
  region = "eu-west-1"
}

resource "aws_ecs_cluster" "this" {
  name = "main"
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = toset(["web"])
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
