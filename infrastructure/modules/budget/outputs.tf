output "name" {
  description = "Name of the budget; null: there is none"
  value       = one(aws_budgets_budget.this[*].name)
}
