resource "aws_lb" "this" {
  name            = "web"
  subnets         = aws_subnet.this[*].id
  security_groups = [aws_security_group.this["balancer"].id]
}

resource "aws_lb_target_group" "this" {
  port        = 8000
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.this.id
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
    environment = [{
      name = "REDIS_URL"
      value = join("", [
        "rediss://:", random_password.token.result, "@",
        aws_elasticache_replication_group.this.primary_endpoint_address, ":6379/0",
      ])
    }]
  }])
}

resource "aws_ecs_service" "this" {
  name            = "web"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 1
  launch_type     = "FARGATE"
  load_balancer {
    target_group_arn = aws_lb_target_group.this.arn
    container_name   = "web"
    container_port   = 8000
  }
  network_configuration {
    subnets          = aws_subnet.this[*].id
    security_groups  = [aws_security_group.this["web"].id]
    assign_public_ip = true
  }
}
