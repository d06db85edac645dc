"""What differs for images and volumes: reading, faults, members of the mixture, errors, verdict."""
