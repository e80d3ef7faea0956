# A service: its tasks behind the load balancer, their connections, and their number.

locals {
  shifts = var.deployment.strategy != "ROLLING"
}

resource "aws_ecs_service" "this" {
  name                               = var.name
  cluster                            = var.cluster_arn
  task_definition                    = var.task_definition_arn
  desired_count                      = var.bootstrap ? 0 : var.scaling.min_capacity
  platform_version                   = "LATEST"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"
  health_check_grace_period_seconds  = 30
  enable_execute_command             = var.exec_enabled
  force_new_deployment               = true # without it another capacity provider is refused
  wait_for_steady_state              = true # an apply whose deployment ECS rolls back fails
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  capacity_provider_strategy {
    capacity_provider = var.capacity_provider
    weight            = 1
  }

  # A first release could only go back to the bootstrap's revision. Its image does not exist, so ECS
  # would try to start it forever.
  deployment_circuit_breaker {
    enable   = true
    rollback = !var.bootstrap
  }

  # Alarms about failures that visitors notice stop a deployment too. A first release has no visitors.
  dynamic "alarms" {
    for_each = var.bootstrap || length(var.deployment_alarm_names) == 0 ? [] : [var.deployment_alarm_names]

    content {
      enable      = true
      rollback    = true
      alarm_names = alarms.value
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = var.target_group.arn
    container_name   = var.container_name
    container_port   = var.container_port

    dynamic "advanced_configuration" {
      for_each = module.shift_role

      content {
        alternate_target_group_arn = var.target_group.alternate_arn
        production_listener_rule   = var.target_group.rule_arn
        role_arn                   = advanced_configuration.value.arn
      }
    }
  }

  dynamic "deployment_configuration" {
    for_each = local.shifts ? [var.deployment] : []

    content {
      strategy             = deployment_configuration.value.strategy
      bake_time_in_minutes = deployment_configuration.value.bake_minutes

      lifecycle_hook {
        hook_target_arn  = var.probation_function_arn
        role_arn         = module.shift_role[0].arn
        lifecycle_stages = ["POST_SCALE_UP"]
        hook_details     = jsonencode({ seconds = 60 })
      }

      dynamic "canary_configuration" {
        for_each = deployment_configuration.value.strategy == "CANARY" ? [deployment_configuration.value] : []

        content {
          canary_percent              = canary_configuration.value.step_percent
          canary_bake_time_in_minutes = canary_configuration.value.step_minutes
        }
      }

      dynamic "linear_configuration" {
        for_each = deployment_configuration.value.strategy == "LINEAR" ? [deployment_configuration.value] : []

        content {
          step_percent              = linear_configuration.value.step_percent
          step_bake_time_in_minutes = linear_configuration.value.step_minutes
        }
      }
    }
  }

  service_connect_configuration {
    enabled   = true
    namespace = var.namespace_arn

    # A service without a name only calls other services.
    dynamic "service" {
      for_each = var.service_connect_name == null ? [] : [var.service_connect_name]

      content {
        port_name      = var.container_name
        discovery_name = service.value

        client_alias {
          dns_name = service.value
          port     = var.container_port
        }

        # The load balancer's requests pass this proxy too. It must keep idle connections longer than the
        # load balancer (60 seconds), and the program longer than the proxy (75).
        timeout {
          per_request_timeout_seconds = 30
          idle_timeout_seconds        = 65
        }
      }
    }
  }

  lifecycle {
    # Auto scaling sets it from the first minute on.
    ignore_changes = [desired_count]
  }

  # Without these the first tasks could not pull their image.
  depends_on = [
    aws_vpc_security_group_egress_rule.to_endpoints,
    aws_vpc_security_group_egress_rule.to_s3,
    aws_vpc_security_group_ingress_rule.endpoints_from_this,
  ]
}

# ---------------------------------------------------------------------------------------------
# Deployments that shift requests: ECS registers the tasks and writes the weights of the rule
# ---------------------------------------------------------------------------------------------

data "aws_iam_policy_document" "shift" {
  count = local.shifts ? 1 : 0

  statement {
    sid       = "Look"
    actions   = ["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"]
    resources = ["*"] # none of them knows resources
  }

  statement {
    sid       = "MoveTasks"
    actions   = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
    resources = [var.target_group.arn, var.target_group.alternate_arn]
  }

  statement {
    sid       = "MoveRequests"
    actions   = ["elasticloadbalancing:ModifyRule"]
    resources = [var.target_group.rule_arn]
  }

  statement {
    sid       = "AskFunction"
    actions   = ["lambda:InvokeFunction"]
    resources = [var.probation_function_arn]
  }
}

module "shift_role" {
  source = "../role"
  count  = local.shifts ? 1 : 0

  name                     = "${var.name}-shift"
  description              = "ECS shifts the requests of ${var.name} to the tasks of a deployment"
  service_principal        = "ecs.amazonaws.com"
  source_account_id        = var.account.id
  permissions_boundary_arn = var.permissions_boundary_arn
  policies                 = { shift = data.aws_iam_policy_document.shift[0].json }
}

# ---------------------------------------------------------------------------------------------
# Connections: a rule on each side
# ---------------------------------------------------------------------------------------------

resource "aws_security_group" "this" {
  name        = var.name
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id

  tags = { Name = var.name }

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  clients = merge({ load-balancer = var.load_balancer_security_group_id }, var.client_security_group_ids)
}

resource "aws_vpc_security_group_ingress_rule" "from_client" {
  for_each = local.clients

  security_group_id            = aws_security_group.this.id
  description                  = "From ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = each.value
}

resource "aws_vpc_security_group_egress_rule" "client_to_this" {
  for_each = local.clients

  security_group_id            = each.value
  description                  = "To ${var.name}"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = aws_security_group.this.id
}

resource "aws_vpc_security_group_egress_rule" "to_endpoints" {
  security_group_id            = aws_security_group.this.id
  description                  = "To the interface endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = var.endpoint_security_group_id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_this" {
  security_group_id            = var.endpoint_security_group_id
  description                  = "From ${var.name}"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.this.id
}

resource "aws_vpc_security_group_egress_rule" "to_s3" {
  security_group_id = aws_security_group.this.id
  description       = "To S3 through its gateway endpoint: image layers"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = var.s3_prefix_list_id
}

# ---------------------------------------------------------------------------------------------
# Auto scaling. Registering a target raises the service to its minimum at once, so there is no target
# before the first release.
# ---------------------------------------------------------------------------------------------

resource "aws_appautoscaling_target" "this" {
  count = var.bootstrap ? 0 : 1

  service_namespace  = "ecs"
  resource_id        = "service/${var.cluster_name}/${aws_ecs_service.this.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.scaling.min_capacity
  max_capacity       = var.scaling.max_capacity
}

resource "aws_appautoscaling_policy" "this" {
  for_each = var.bootstrap ? {} : {
    cpu    = { metric = "ECSServiceAverageCPUUtilization", target = var.scaling.cpu_target }
    memory = { metric = "ECSServiceAverageMemoryUtilization", target = var.scaling.memory_target }
  }

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = one(aws_appautoscaling_target.this).service_namespace
  resource_id        = one(aws_appautoscaling_target.this).resource_id
  scalable_dimension = one(aws_appautoscaling_target.this).scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}
