resource "aws_iam_role" "shift" {
  name               = "shift"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs.amazonaws.com" } }] })
}

resource "aws_iam_role_policy_attachment" "shift" {
  role       = aws_iam_role.shift.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"
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
    name = "web", image = "example/web:1", portMappings = [{ containerPort = 8000 }]
  }])
}

resource "aws_ecs_service" "this" {
  name            = "web"
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this.arn
  desired_count   = 1
  launch_type     = "FARGATE"

  deployment_configuration {
    strategy = "LINEAR"
    linear_configuration {
      step_percent              = 50
      step_bake_time_in_minutes = 1
    }
    lifecycle_hook {
      hook_target_arn  = aws_lambda_function.hook.arn
      role_arn         = aws_iam_role.shift.arn
      lifecycle_stages = ["POST_SCALE_UP"]
    }
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this["blue"].arn
    container_name   = "web"
    container_port   = 8000
    advanced_configuration {
      alternate_target_group_arn = aws_lb_target_group.this["green"].arn
      production_listener_rule   = aws_lb_listener_rule.this.arn
      role_arn                   = aws_iam_role.shift.arn
    }
  }
  network_configuration {
    subnets          = data.aws_subnets.default.ids
    assign_public_ip = true
  }
}
