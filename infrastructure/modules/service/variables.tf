variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string
}

variable "service_name" {
  description = "Name of the program: its container, its repository, and with the prefix its service"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.service_name))
    error_message = "service_name must be lower-case letters, digits and hyphens, at most 31."
  }
}

variable "cluster_arn" {
  description = "ARN of the ECS cluster"
  type        = string
}

variable "cluster_name" {
  description = "Name of the ECS cluster"
  type        = string
}

variable "namespace_arn" {
  description = "ARN of the Service Connect namespace"
  type        = string
}

variable "service_connect_name" {
  description = "Name under which other services call this one: http://<name>:<port>; null: it only calls others"
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
  description = "Security groups of others that call this service, by name"
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

variable "port" {
  description = "Port on which the program listens"
  type        = number
}

variable "user" {
  description = "User and group the program runs as, by number"
  type        = string
  default     = "10001:10001"
}

variable "cpu" {
  description = "CPU units of a task; 1024 are one vCPU"
  type        = number
}

variable "memory" {
  description = "Memory of a task in MiB"
  type        = number
}

variable "cpu_architecture" {
  description = "CPU architecture the image is built for: ARM64 or X86_64"
  type        = string
  default     = "ARM64"
}

variable "capacity_provider" {
  description = "FARGATE, or FARGATE_SPOT, which is cheaper and may be taken away at two minutes' notice"
  type        = string
  default     = "FARGATE"

  validation {
    condition     = contains(["FARGATE", "FARGATE_SPOT"], var.capacity_provider)
    error_message = "capacity_provider must be FARGATE or FARGATE_SPOT."
  }
}

variable "stop_timeout" {
  description = "Seconds between SIGTERM and SIGKILL"
  type        = number
  default     = 40
}

variable "health_check_command" {
  description = "Command that tells by its exit code whether a container is healthy"
  type        = list(string)
}

variable "environment" {
  description = "Environment variables of the program"
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Secrets that others own, by the name of their environment variable"
  type = map(object({
    secret_arn  = string
    json_key    = optional(string)
    kms_key_arn = string
  }))
  default = {}
}

variable "generated_secrets" {
  description = "Secrets that are generated for this program, by name. Raise version to generate a new value"
  type = map(object({
    environment_name = string
    description      = string
    version          = optional(number, 1)
    length           = optional(number, 48)
  }))
  default = {}
}

variable "scaling" {
  description = "Fewest and most tasks, and the average CPU and memory in percent that auto scaling aims for"
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
  description = "True for the very first apply, while no image exists: the service begins without tasks, and the first release starts them"
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Whether images and secrets outlive a mistaken destroy"
  type        = bool
}

variable "log_retention_days" {
  description = "For how many days the program's log is kept"
  type        = number
}

variable "exec" {
  description = "Lets people open a shell in a task (ECS Exec): the key of the channel and the log group of what is typed; null: nobody can"
  type = object({
    kms_key_arn   = string
    log_group_arn = string
  })
  default = null
}

variable "log_router" {
  description = "The log router beside the program: its image and repository, the bucket it fills and the bucket's key"
  type = object({
    image          = string
    repository_arn = string
    bucket_name    = string
    bucket_arn     = string
    kms_key_arn    = string
  })
}

variable "permissions_boundary_arn" {
  description = "Policy that bounds every role; null: none"
  type        = string
  default     = null
}
