import unittest

from shop.checkout import checkout
from shop.stock import Stock

PRICES = {"tea": "4.35", "cup": "19.99", "pot": "50.05"}


class CheckoutTest(unittest.TestCase):
    def setUp(self):
        self.stock = Stock({"tea": 10, "cup": 5, "pot": 2})

    def test_lines(self):
        receipt = checkout({"tea": 2}, PRICES, self.stock)
        self.assertEqual([line[:2] for line in receipt.lines], [("tea", 2)])

    def test_stock_goes_down(self):
        checkout({"tea": 2}, PRICES, self.stock)
        self.assertEqual(self.stock.available("tea"), 8)

    def test_exact_total(self):
        self.assertEqual(checkout({"cup": 1}, PRICES, self.stock).total, 1999)

    def test_whole_or_not_at_all(self):
        with self.assertRaises(Exception) as caught:
            checkout({"tea": 1, "pot": 3}, PRICES, self.stock)
        self.assertEqual(getattr(caught.exception, "item", None), "pot")
        self.assertEqual(self.stock.available("tea"), 10)

    def test_a_large_order_is_cheaper_in_the_customers_favour(self):
        receipt = checkout({"pot": 2, "tea": 1}, PRICES, self.stock)
        self.assertEqual(receipt.discount, 1045)
        self.assertEqual(receipt.total, 9400)

    def test_a_small_one_is_not(self):
        self.assertEqual(checkout({"pot": 1}, PRICES, self.stock).discount, 0)

    def test_the_receipt_says_it_all(self):
        text = checkout({"pot": 2, "tea": 1}, PRICES, self.stock).text()
        self.assertEqual(
            text.splitlines(),
            ["2 x pot       100.10", "1 x tea         4.35", "10 % off      -10.45", "total          94.00"],
        )
