output "name" {
  description = "Name of the vault in which a snapshot waits for its copy"
  value       = aws_backup_vault.this.name
}
