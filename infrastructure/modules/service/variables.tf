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

variable "target_group_arn" {
  description = "Target group that the tasks join"
  type        = string
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
