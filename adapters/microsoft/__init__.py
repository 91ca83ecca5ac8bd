"""The Microsoft side: signing in to customers' tenants and reading what they hold through Microsoft Graph."""
