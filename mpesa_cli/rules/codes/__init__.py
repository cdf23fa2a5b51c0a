"""Result and error codes of M-PESA and of those around it: data with its sources, and looking one up."""
