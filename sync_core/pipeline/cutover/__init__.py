"""Cut-overs: found, chosen, shown, confirmed, and carried out as plans of the customers and companies whose lines they are."""
