variable "name" {
  description = "Name of the service and of its security group"
  type        = string
}

variable "task_definition_arn" {
  description = "Task definition that the service runs"
  type        = string
}

variable "container_name" {
  description = "Name of the container for requests, and of its port"
  type        = string
}

variable "container_port" {
  description = "Port on which the container listens"
  type        = number
  nullable    = false

  validation {
    condition     = var.container_port >= 1 && var.container_port <= 65535
    error_message = "container_port must be from 1 to 65535: the load balancer sends requests there."
  }
}

variable "exec_enabled" {
  description = "Whether people may open a shell in a task (ECS Exec)"
  type        = bool
}

variable "cluster_name" {
  description = "Name of the ECS cluster"
  type        = string
}

variable "cluster_arn" {
  description = "ARN of the ECS cluster"
  type        = string
}

variable "namespace_arn" {
  description = "ARN of the cluster's Service Connect namespace"
  type        = string
}

variable "service_connect_name" {
  description = "Name of this service for others: http://<name>:<port>; null: it only calls others"
  type        = string
  default     = null
}

variable "vpc_id" {
  description = "VPC of the tasks"
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the tasks"
  type        = list(string)
}

variable "target_group" {
  description = "Target group that the tasks join; where deployments shift requests, also the alternate one and the listener rule for both"
  type = object({
    arn           = string
    alternate_arn = optional(string)
    rule_arn      = optional(string)
  })
}

variable "deployment" {
  description = "How a deployment replaces the tasks: ROLLING, BLUE_GREEN, CANARY or LINEAR. The last three keep the old tasks for bake_minutes; CANARY begins with step_percent of the requests for step_minutes, LINEAR adds as many again and again"
  type = object({
    strategy     = optional(string, "ROLLING")
    bake_minutes = optional(number, 3)
    step_percent = optional(number, 10)
    step_minutes = optional(number, 3)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["ROLLING", "BLUE_GREEN", "CANARY", "LINEAR"], var.deployment.strategy)
    error_message = "deployment: strategy must be ROLLING, BLUE_GREEN, CANARY or LINEAR."
  }

  validation {
    condition = alltrue([
      min(var.deployment.bake_minutes, var.deployment.step_minutes) >= 0,
      max(var.deployment.bake_minutes, var.deployment.step_minutes) <= 1440,
      var.deployment.step_percent >= (var.deployment.strategy == "LINEAR" ? 3 : 0.1),
      var.deployment.step_percent <= 100,
    ])
    error_message = "deployment: bake_minutes and step_minutes must be from 0 to 1440, step_percent from 0.1 to 100, for LINEAR from 3."
  }

  validation {
    condition     = (var.deployment.strategy == "ROLLING") == (var.target_group.rule_arn == null)
    error_message = "deployment: a strategy that shifts requests needs target_group with alternate_arn and rule_arn, and ROLLING neither."
  }
}

variable "probation_function_arn" {
  description = "The function that a deployment which shifts requests asks before the first of them reaches new tasks (module probation); null for ROLLING"
  type        = string
  default     = null

  validation {
    condition     = var.deployment.strategy == "ROLLING" || var.probation_function_arn != null
    error_message = "probation_function_arn: a strategy that shifts requests needs it, otherwise visitors reach tasks that end soon after their start."
  }
}

variable "account" {
  description = "Where everything is: the number of the AWS account, the region, and the partition, such as aws"
  type = object({
    id        = string
    region    = string
    partition = string
  })
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of the role that shifts requests; null: none"
  type        = string
  default     = null
}

variable "load_balancer_security_group_id" {
  description = "Security group of the load balancer"
  type        = string
}

variable "client_security_group_ids" {
  description = "Security groups of the services that call this one, by name"
  type        = map(string)
  default     = {}
}

variable "endpoint_security_group_id" {
  description = "Security group of the VPC's interface endpoints"
  type        = string
}

variable "s3_prefix_list_id" {
  description = "Prefix list of S3's gateway endpoint"
  type        = string
}

variable "capacity_provider" {
  description = "FARGATE or FARGATE_SPOT. Spot is cheaper, and may be interrupted at two minutes' notice"
  type        = string
  default     = "FARGATE"

  validation {
    condition     = contains(["FARGATE", "FARGATE_SPOT"], var.capacity_provider)
    error_message = "capacity_provider must be FARGATE or FARGATE_SPOT."
  }
}

variable "deployment_alarm_names" {
  description = "Alarms that stop a deployment: ECS then rolls back"
  type        = list(string)
  default     = []
}

variable "scaling" {
  description = "Minimum and maximum of tasks, and auto scaling's targets for average CPU and memory in percent"
  type = object({
    min_capacity  = number
    max_capacity  = number
    cpu_target    = optional(number, 60)
    memory_target = optional(number, 60)
  })

  validation {
    condition     = var.scaling.min_capacity >= 1 && var.scaling.min_capacity <= var.scaling.max_capacity
    error_message = "scaling: min_capacity must be 1 at least and not above max_capacity."
  }

  validation {
    condition     = alltrue([for target in [var.scaling.cpu_target, var.scaling.memory_target] : target >= 10 && target < 80])
    error_message = "scaling: cpu_target and memory_target must be from 10 to below 80 percent, where the alarms are."
  }
}

variable "bootstrap" {
  description = "True until the first release has succeeded, while no image exists: the service begins without tasks and without auto scaling, and the first release starts as many as scaling.min_capacity"
  type        = bool
  default     = false
}
