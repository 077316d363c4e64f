"""What happens: texts are read, requests are carried out, answers are sent, nothing is left."""
